"""The deadline holds whatever the server does, and the server's own wishes are honoured."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import replies as r
from harness import extractor_at, small_windows
from scripted import Reply, Scripted, Step

from extractor import Extractor
from schemas import Extraction

DEADLINE = 1.5
GRACE = 0.5
STORM = r.error(429, retry_after_ms="100")


@contextmanager
def connected(*script: Step, concurrency: int = 8) -> Iterator[tuple[Scripted, Extractor]]:
    """A server and an extractor that has been answered once: the deadline is about the calls."""
    with (
        Scripted(r.good, *script) as server,
        extractor_at(server, DEADLINE, concurrency) as extractor,
    ):
        extractor.extract(r.ARTICLE.model_copy(update={"text": "The clerk read it."}))
        server.requests.clear()
        server.script = script
        yield server, extractor


def timed(extractor: Extractor) -> tuple[Extraction, float]:
    started = time.monotonic()
    return extractor.extract(r.ARTICLE), time.monotonic() - started


@pytest.mark.parametrize(
    ("reply", "calls"), [(r.HANG, 1), (r.TRICKLE, 1), (STORM, 4), (r.BUSY, 2), (r.RESET, 2)]
)
def test_the_deadline_holds(reply: Reply, calls: int):
    with connected(reply) as (server, extractor):
        result, taken = timed(extractor)
    assert taken < DEADLINE + GRACE
    assert result.status == "unavailable"
    assert calls <= len(server.requests) <= 4
    assert result.usage.calls == len(server.requests)


def test_the_deadline_holds_over_many_windows_and_keeps_what_came():
    with small_windows(), connected(r.good, r.HANG, concurrency=1) as (server, extractor):
        result, taken = timed(extractor)
    assert taken < DEADLINE + GRACE
    assert (result.status, len(result.claims), len(server.requests)) == ("partial", 1, 2)
    assert len(result.coverage.failed) == 3


def test_a_wait_beyond_the_deadline_is_not_begun():
    with connected(r.error(429, retry_after="60")) as (server, extractor):
        result, taken = timed(extractor)
    assert (result.status, len(server.requests)) == ("unavailable", 1)
    assert taken < DEADLINE


@pytest.mark.parametrize(
    ("style", "wait"), [("seconds", 1.0), ("milliseconds", 0.7), ("date", 1.0)]
)
def test_retry_after_is_honoured(style: str, wait: float):
    def busy(_: object) -> Reply:
        dated = r.error(429, retry_after=r.http_date(2))  # whole seconds: 1 to 2 from now
        return {"seconds": r.RETRY_SECONDS, "milliseconds": r.RETRY_MS}.get(style, dated)

    with Scripted(busy, r.good) as server, extractor_at(server) as extractor:
        assert extractor.extract(r.ARTICLE).status == "ok"
    first, second = server.requests
    assert wait <= second.at - first.at < wait + 2


def test_the_clock_of_an_article_starts_with_its_turn():
    """Many at once: whoever waits for a turn has not begun, and does not run out of time."""

    def slow(request: object) -> Reply:
        return replace(r.good(request), delay=0.2)

    async def many() -> list[str]:
        each = [extractor.aextract(r.ARTICLE) for _ in range(20)]
        return [result.status for result in await asyncio.gather(*each)]

    with Scripted(slow) as server, extractor_at(server, DEADLINE, concurrency=2) as extractor:
        assert asyncio.run(many()) == ["ok"] * 20

"""The real client with a pacer, against a server with limits: nobody fails by waiting."""

import asyncio
import time
from collections import deque
from unittest.mock import patch

import pytest
import replies as r
from scripted import Reply, Request, Scripted, Step

from extractor import Extractor, llm, pacing
from extractor.pacing import Pacer
from extractor.settings import Settings
from schemas import Article, Extraction

DEADLINE = 1.0
LONG = r.error(429, "rate_limit_exceeded", retry_after="3")
SHORT = r.error(429, "rate_limit_exceeded", retry_after_ms="1")


def paced_at(server: Scripted, pacer: Pacer, deadline: float = DEADLINE, concurrency: int = 8):
    settings = Settings("gpt-test", server.url, r.KEY, deadline, concurrency=concurrency)
    return Extractor(settings, pacer=pacer)


def play(*script: Step, pacer: Pacer | None = None, deadline: float = DEADLINE):
    """One article against ``script``, without long waits between attempts."""
    with (
        patch.object(llm, "FIRST_WAIT", 0.001),
        Scripted(*script) as server,
        paced_at(server, pacer or Pacer(), deadline) as extractor,
    ):
        return extractor.extract(r.ARTICLE), server


async def many(extractor: Extractor, count: int) -> list[Extraction]:
    articles = (Article(text=f"{r.ARTICLE.text} Note {n}.") for n in range(count))
    return await asyncio.gather(*map(extractor.aextract, articles))


def test_a_wait_beyond_the_deadline_fails_nobody():
    pacer = Pacer()
    result, server = play(LONG, r.good, pacer=pacer)
    first, second = server.requests
    assert (result.status, len(result.claims)) == ("ok", 4)
    assert second.at - first.at >= 3 > DEADLINE


def test_a_pause_holds_for_every_article():
    async def two(extractor: Extractor) -> list[Extraction]:
        first = asyncio.create_task(extractor.aextract(r.ARTICLE))
        while not pacer.paused:
            await asyncio.sleep(0.01)
        return [*await many(extractor, 2), await first]

    pacer = Pacer(600)
    with Scripted(LONG, r.good) as server, paced_at(server, pacer) as extractor:
        results = asyncio.run(two(extractor))
    assert [result.status for result in results] == ["ok"] * 3
    assert all(q.at - server.requests[0].at >= 3 for q in server.requests[1:])


def test_refusals_are_no_attempts_and_have_no_bill_to_wait_for():
    with patch.object(pacing, "FIRST_PAUSE", 0.001), patch.object(pacing, "JITTER", 0):
        result, server = play(*[SHORT] * 3, *[r.BUSY] * 3, r.good, pacer=Pacer(6000))
    usage = result.usage
    assert result.status == "ok"
    assert (len(server.requests), usage.calls, usage.unmetered_calls) == (7, 7, 0)
    assert (usage.input_tokens, usage.output_tokens) == server.billed


def test_a_used_up_quota_stops_and_pauses_nobody():
    pacer = Pacer()
    result, server = play(r.error(429, "insufficient_quota", retry_after="60"), pacer=pacer)
    assert (result.status, len(server.requests), pacer.paused) == ("unavailable", 1, 0)


@pytest.mark.parametrize("reply", [r.HANG, r.TRICKLE], ids=["hang", "trickle"])
def test_a_server_that_never_ends_ends_in_unavailable(reply: Reply):
    started = time.monotonic()
    result, server = play(reply, deadline=0.4)
    assert (result.status, len(server.requests)) == ("unavailable", llm.ATTEMPTS)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("reply", [r.SERVER_ERROR, r.RESET, r.INVALID_JSON])
def test_other_failures_are_retried_as_without_a_pacer(reply: Step):
    result, server = play(reply, deadline=20)
    assert result.status in {"unavailable", "invalid"}
    assert len(server.requests) == llm.ATTEMPTS


def test_an_error_that_names_a_wait_pauses_and_is_an_attempt():
    pacer = Pacer()
    result, server = play(r.error(503, retry_after="1"), r.good, pacer=pacer)
    assert (result.status, result.usage.unmetered_calls) == ("ok", 1)
    assert server.requests[1].at - server.requests[0].at >= 1


def test_headers_of_good_answers_teach_the_rate():
    def good(request: Request) -> Reply:
        limit = {"x-ratelimit-limit-requests": "600", "x-ratelimit-reset-requests": "59s"}
        return Reply(r.good(request).body, headers=limit)

    pacer = Pacer()
    play(good, pacer=pacer)
    assert pacer.per_minute == pytest.approx(570)


def test_tokens_are_estimated_before_and_corrected_after():
    corrected: list[tuple[float, float]] = []

    class Noting(Pacer):
        def billed(self, turn, tokens):
            corrected.append((turn.tokens, tokens))

    play(r.good, pacer=Noting())
    ((estimated, used),) = corrected
    assert used == sum(r.USAGE)
    assert 400 < estimated < 4000


class Limiting:
    """Good answers, ``limit`` in any second; beyond it a refusal that says when to come back."""

    def __init__(self, limit: int) -> None:
        self.admitted, self.limit, self.refused = deque[float](), limit, 0

    def __call__(self, request: Request) -> Reply:
        while self.admitted and self.admitted[0] <= request.at - 1:
            self.admitted.popleft()
        if len(self.admitted) < self.limit:
            self.admitted.append(request.at)
            return r.good(request)
        self.refused += 1
        wait = self.admitted[0] + 1 - request.at
        return r.error(429, retry_after_ms=str(int(1000 * wait) + 1))


@pytest.mark.parametrize("set_to", [20, 40, None], ids=["right", "twice", "nothing"])
def test_a_limit_fails_no_article_however_the_pace_is_set(set_to: int | None):
    limiting = Limiting(20)
    with (
        Scripted(limiting) as server,
        paced_at(server, Pacer(set_to and 60 * set_to), concurrency=32) as extractor,
    ):
        results = asyncio.run(many(extractor, 80))
    assert [result.status for result in results] == ["ok"] * 80
    again = len(server.requests) - 80 - limiting.refused  # a busy machine breaks a connection off
    assert 0 <= again <= 8
    assert limiting.refused <= 40


def test_closing_ends_articles_that_wait_for_a_pause():
    with Scripted(r.error(429, retry_after="900")) as server:
        extractor = paced_at(server, Pacer())

        async def give_up() -> None:
            task = asyncio.create_task(extractor.aextract(r.ARTICLE))
            while not server.requests:
                await asyncio.sleep(0.01)
            extractor_closed = asyncio.to_thread(extractor.close)
            await asyncio.wait_for(extractor_closed, 5)
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(give_up())

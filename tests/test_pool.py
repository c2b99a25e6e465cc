"""The pool by itself: whatever the inputs and the failures, the accounts balance."""

import asyncio
import json
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor import ConfigError
from extractor.bulk import feed, pool
from extractor.bulk.inputs import Input
from extractor.bulk.ledger import Accounts, Dead, Done, Ledger
from extractor.bulk.pool import Bounds, Pool
from extractor.bulk.stop import Stop
from extractor.bulk.tally import Tally
from schemas import Article, Usage

ENDS = ("done", "done", "done", "refused", "unavailable")
MEMORY = Path(":memory:")


def key_of(article: Article) -> bytes:
    return article.text.encode()


class Settling:
    """What settles an article in these tests: it ends as it is told for its text."""

    def __init__(self, ends: dict[str, str], after=lambda asked: None) -> None:
        self.ends, self.after = ends, after
        self.asked = Counter()
        self.under_way = self.most = 0

    async def __call__(self, key: bytes, article: Article):
        self.asked[key] += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        for _ in range(self.asked.total() % 4):
            await asyncio.sleep(0)
        self.under_way -= 1
        self.after(self.asked)
        end = self.ends.get(article.text, "done")
        if end == "config":
            raise ConfigError("the key is refused")
        usage = Usage(calls=1, cost_usd=1.0)
        if end == "done":
            return Done(key, "{}", article.text.encode()), usage
        return Dead(key, end, "invented"), usage


def inputs(texts: list[str | None]):
    for position, text in enumerate(texts):
        article = Article(text=text, id=str(position)) if text is not None else None
        yield Input(position, str(position), article, None if article else "unreadable")


def filled(ledger: Ledger, texts, settle, stop=None, **options) -> Pool:
    wanted = options.pop("wanted", Ledger.new)
    bounds = Bounds(options.pop("concurrency", 3), options.pop("max_cost", None))
    made = Pool(ledger, key_of, settle, wanted, bounds, Tally(), stop or Stop())
    asyncio.run(made.run(inputs(texts)))
    return made


def positions(ledger: Ledger) -> list[int]:
    """Of all inputs with a result or a dead letter; each list is in order."""
    done = [int(json.loads(about)["id"]) for about, _, _ in ledger.results()]
    dead = [position for position, *_ in ledger.dead()]
    assert done == sorted(done)
    assert dead == sorted(dead)
    return sorted([*done, *dead])


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(pool, "COMMIT_SECONDS", 0.005)
    monkeypatch.setattr(feed, "CHUNK", 5)
    monkeypatch.setattr(feed, "SECONDS_BETWEEN_LOOKS", 0.02)


texts_with_repeats = st.lists(st.sampled_from([None, *"abcdefghijkl"]), max_size=60)
endings = st.fixed_dictionaries({text: st.sampled_from(ENDS) for text in "abcdefghijkl"})


@settings(deadline=None, max_examples=60)
@given(texts_with_repeats, endings, st.integers(1, 8))
def test_the_accounts_balance_and_the_order_is_the_inputs(texts, ends, concurrency):
    with Ledger(MEMORY) as ledger:
        settle = Settling(ends)
        made = filled(ledger, texts, settle, concurrency=concurrency)
        accounts = ledger.accounts()
        assert accounts.inputs == len(texts)
        assert max(settle.asked.values(), default=1) == 1
        assert settle.most <= concurrency
        got = {text: ends[text] for text in texts if text is not None}
        if "unavailable" in got.values() and set(got.values()) == {"unavailable"}:
            assert isinstance(made.stop.error, ConfigError)
            assert accounts == Accounts(0, texts.count(None), len(texts) - texts.count(None))
            return
        done = sum(got.get(text) == "done" for text in texts)
        assert accounts == Accounts(done, len(texts) - done, 0)
        assert positions(ledger) == list(range(len(texts)))
        again = Settling(ends)
        filled(ledger, texts, again)
        assert not again.asked
        assert ledger.accounts() == accounts


@settings(deadline=None, max_examples=60)
@given(texts_with_repeats, endings, st.integers(1, 30), st.sampled_from(["stop", "cost", "config"]))
def test_stopped_anywhere_they_balance_and_the_next_run_finishes(texts, ends, at, how):
    stop = Stop()

    def after(asked: Counter) -> None:
        if how == "stop" and asked.total() == at:
            stop.interrupt()

    with Ledger(MEMORY) as ledger:
        wrong = dict.fromkeys("ab", "config") if how == "config" else {}
        settle = Settling(ends | wrong, after)
        filled(ledger, texts, settle, stop, max_cost=at if how == "cost" else None)
        first = ledger.accounts()
        assert first.inputs <= len(texts)
        if how != "stop":
            assert first.inputs == len(texts)
        kept = {key for key, _, _ in rows(ledger)}
        ends = {text: end if end == "refused" else "done" for text, end in ends.items()}
        again = Settling(ends)
        filled(ledger, texts, again)
        assert not kept & again.asked.keys()
        assert ledger.accounts().inputs == len(texts)
        assert ledger.accounts().skipped == 0
        assert positions(ledger) == list(range(len(texts)))


def rows(ledger: Ledger) -> list[tuple[bytes, str, bytes]]:
    with ledger.transaction() as file:
        return file.execute("SELECT key, article, body FROM results").fetchall()


@settings(deadline=None, max_examples=30)
@given(texts_with_repeats, endings)
def test_a_retry_asks_about_each_dead_letter_once(texts, ends):
    with Ledger(MEMORY) as ledger:
        filled(ledger, texts, Settling(ends))
        dead = {text.encode() for text in texts if text and ends[text] != "done"}
        dead = dead if ledger.accounts().skipped == 0 else set()
        again = Settling(ends)
        filled(ledger, texts, again, wanted=Ledger.dead_among)
        assert again.asked == dict.fromkeys(dead, 1)


def test_what_waits_is_bounded_however_many_inputs_there_are():
    seen = []
    with Ledger(MEMORY) as ledger:

        class Slow(Settling):
            async def __call__(self, key, article):
                await asyncio.sleep(0.001)
                seen.append((made.tally.listed, made.tally.asked, len(made.under_way)))
                return await super().__call__(key, article)

        made = Pool(ledger, key_of, Slow({}), Ledger.new, Bounds(4), Tally(), Stop())
        asyncio.run(made.run(inputs([str(n) for n in range(300)])))
        assert ledger.accounts() == Accounts(300, 0, 0)
    assert max(listed - asked for listed, asked, _ in seen) <= 4 + 4 + feed.CHUNK * 2
    assert not made.under_way
    assert not made.finished


def test_a_source_that_fails_midway_keeps_what_is_paid():
    def failing():
        yield from inputs([str(n) for n in range(20)])
        raise ConfigError("the pipe broke")

    with Ledger(MEMORY) as ledger:
        settle = Settling({})
        made = Pool(ledger, key_of, settle, Ledger.new, Bounds(1), Tally(), Stop())
        with pytest.raises(ConfigError, match="the pipe broke"):
            asyncio.run(made.run(failing()))
        assert ledger.accounts().inputs == 20
        assert ledger.accounts().results >= settle.asked.total() - 1


class Busy(Ledger):
    """Its desk is held up by the listing, so that commits wait for their turn."""

    def enlist(self, rows):
        time.sleep(0.02)
        super().enlist(rows)


@pytest.mark.parametrize("moment", range(10))
def test_what_waits_to_be_committed_when_it_is_cancelled_is_kept(moment):
    """A second Ctrl-C may fall between the taking of outcomes and their commit."""

    async def cancelled() -> None:
        work = asyncio.create_task(made.run(inputs([str(n) for n in range(200)])))
        while not made.tally.results:
            await asyncio.sleep(0.001)
        await asyncio.sleep(moment * 0.004)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    with Busy(MEMORY) as ledger:
        made = Pool(ledger, key_of, Settling({}), Ledger.new, Bounds(1), Tally(), Stop())
        asyncio.run(cancelled())
        assert ledger.accounts().results == made.tally.results

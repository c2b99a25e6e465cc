"""Usage is true: every token that the server billed, and every call whose bill never came."""

import asyncio
import random
from dataclasses import replace
from unittest.mock import patch

import replies as r
from harness import extractor_at, play, small_windows
from scripted import Request, Scripted

from extractor import llm
from schemas import Extraction

MIX = (
    *[r.good] * 8,
    r.good_without_usage,
    r.length,
    r.truncated,
    r.INVALID_JSON,
    r.INVALID_SCHEMA,
    r.REFUSAL,
    r.FILTERED,
    r.EMPTY,
    r.FILTER_400,
    r.TOO_LONG,
    r.SERVER_ERROR,
    r.OVERLOADED,
    r.BUSY,
    r.HTML,
    r.ERROR_200,
    r.NO_CHOICES,
    r.CUT,
    r.RESET,
)


def test_a_thousand_mixed_calls_are_counted_to_the_token():
    chance = random.Random(7)

    def any_of_it(request: Request):
        step = chance.choice(MIX)
        return step(request) if callable(step) else step

    async def many() -> list[Extraction]:
        return await asyncio.gather(*(extractor.aextract(r.ARTICLE) for _ in range(155)))

    with (
        small_windows(),
        patch.object(llm, "FIRST_WAIT", 0.001),
        Scripted(any_of_it) as server,
        extractor_at(server, deadline=60, concurrency=16) as extractor,
    ):
        used = [result.usage for result in asyncio.run(many())]
    assert len(server.requests) >= 1_000
    assert sum(u.calls for u in used) == len(server.requests)
    assert sum(u.unmetered_calls for u in used) == server.unbilled > 100
    assert (sum(u.input_tokens for u in used), sum(u.output_tokens for u in used)) == server.billed


def test_cached_tokens_and_failed_attempts_are_in_the_bill():
    usage = play(r.INVALID_JSON, r.REFUSAL).result.usage
    assert (usage.calls, usage.unmetered_calls) == (2, 0)
    assert (usage.input_tokens, usage.output_tokens) == (2 * r.USAGE[0], 2 * r.USAGE[1])
    assert usage.cached_tokens == 2 * 64


def test_first_tries_and_retries_are_told_apart():
    again = play(r.INVALID_JSON, r.good).result.usage
    assert (again.calls, again.retries, again.first_tries) == (2, 1, 0)
    at_once = play(r.good).result.usage
    assert (at_once.calls, at_once.retries, at_once.first_tries) == (1, 0, 1)


def test_an_unmetered_call_leaves_the_cost_unknown():
    priced = replace(r.completion("{}"), status=200)
    assert play(priced).result.usage.cost_usd is None
    assert play(r.good_without_usage).result.usage.unmetered_calls == 1

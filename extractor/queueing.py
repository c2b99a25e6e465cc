"""A call in its turn: what the pacer is asked before each request and told after it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from extractor.errors import ModelUnavailable
from extractor.faults import Fault, FaultError
from extractor.model import Meter
from extractor.pacing import Pacer

CHARACTERS_PER_TOKEN = 4
ANSWER_TOKENS = 400  # what an answer usually takes; put right when its usage is told

Wire = dict[str, Any]
Post = Callable[[Wire, Meter], Awaitable[object]]


def paced(post: Post, pacer: Pacer, seconds: float) -> Post:
    """``post`` in its turn and within ``seconds``, again and again while a rate limit refuses it.

    The time is counted from the turn, so that waiting for one fails nobody.
    """

    async def in_turn(wire: Wire, meter: Meter) -> object:
        while True:
            turn = await pacer.turn(estimate(wire))
            try:
                reply = await _within(seconds, post(wire, meter))
            except FaultError as failed:
                if failed.fault.limit is None:
                    raise
                meter.turned_away()
                pacer.heard(429, failed.fault.limit, turn)
                continue
            pacer.billed(turn, _billed(reply, turn.tokens))
            return reply

    return in_turn


async def _within(seconds: float, call: Awaitable[object]) -> object:
    """The client's own limit is per read: a server that trickles is never over it."""
    try:
        async with asyncio.timeout(seconds):
            return await call
    except TimeoutError:
        error = ModelUnavailable("The model's server did not answer in time.")
        raise FaultError(Fault(error, retry=True)) from None


def estimate(wire: Wire) -> float:
    """About how many tokens a request will take, its answer included.

    Four characters make a token in English; the answer is what articles usually get.
    """
    characters = sum(len(message["content"]) for message in wire["messages"])
    return characters / CHARACTERS_PER_TOKEN + ANSWER_TOKENS


def _billed(reply: object, otherwise: float) -> float:
    total = getattr(getattr(reply, "usage", None), "total_tokens", None)
    return total if isinstance(total, int) else otherwise

"""When a request may start, so that a provider's limits are kept and no article fails by them.

Requests and tokens flow at what the user set, at what the server tells in its headers, or at what
its refusals (429) teach, whichever is least. Nothing set, told or refused: nothing waits.
"""

import asyncio
import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from extractor.allowance import allowance
from extractor.faults import retry_after
from extractor.rates import Flow, Found

KEPT = 0.02  # seconds of the request rate that a late start is made up for: no more of a burst
KEPT_TOKENS = 1.0  # seconds of the token rate
WARMING = 2.0  # seconds from the start, or from a pause, in which new connections delay requests
WARMING_SHARE = 0.8  # of the rate in that time, so that what is late does not meet what is not
STALL = 0.05  # seconds that a start is late where the program, not the rate, held it up
FIRST_PAUSE = 0.5  # seconds, where a refusal names no wait; doubled while that is too short
LONGEST_DOUBLING = 60.0
LONGEST_PAUSE = 3600.0  # whatever is asked for: then one request tries, so no figure ends a run
JITTER = 0.25  # seconds, so that several programs do not come back in step
LONGEST_SLEEP = 1.0  # seconds: then what was heard meanwhile counts
GRAIN = 1e-4


@dataclass(frozen=True)
class Turn:
    """Leave to start one request: its number, and the tokens set aside for it."""

    number: int
    tokens: float


class Pacer:
    """Gives turns to start a request, first come, first served. It lives on one event loop.

    Args:
        rpm: requests per minute that are never exceeded; None for no bound.
        tpm: tokens per minute, likewise. One request may take more than a second's worth.
        clock: seconds, never going back.

    Raises:
        ConfigError: a limit is no number above 0.
    """

    def __init__(
        self,
        rpm: float | None = None,
        tpm: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._line = asyncio.Lock()  # gives way in the order of asking
        self._requests, self._tokens = Flow(rpm, KEPT), Flow(tpm, KEPT_TOKENS)
        self._found = Found()
        self._paused_until = -math.inf
        self._resumed = math.inf  # when the first request went, at the start or after a pause
        self._latest = Turn(0, 0)
        self._answered = 0  # number of the latest turn when a refusal last changed something
        self._first = 0  # number of the first turn after the latest pause
        self._early = 0  # how many pauses in a row were too short

    async def turn(self, tokens: float) -> Turn:
        """Wait until a request of about ``tokens`` may start; cancelled, it takes nothing."""
        asked = self._clock()
        async with self._line:
            while (wait := self._free_at() - self._clock()) > GRAIN:
                await asyncio.sleep(min(wait, LONGEST_SLEEP))
            now = self._clock()
            stalled = asked < self._free_at() < now - STALL
            self._resumed = min(self._resumed, now)
            warming = WARMING_SHARE if now < self._resumed + WARMING else 1
            self._requests.take(now, 2 if stalled else 1, warming * self._rate(now))
            self._tokens.take(now, tokens, self._tokens.rate)
            self._found.started(now)
            self._latest = Turn(self._latest.number + 1, tokens)
            return self._latest

    def heard(self, status: int, headers: Mapping[str, str], turn: Turn | None = None) -> None:
        """Learn from an answer's status and headers; a 429 should name its turn.

        An error that names a wait pauses everybody. A 429 lowers the rate, once for all requests
        that were under way with it.
        """
        for flow, kind in ((self._requests, "requests"), (self._tokens, "tokens")):
            if told := allowance(headers, kind):
                flow.hear(told)
        asked = retry_after(headers) if status >= 400 else None
        if status == 429:
            self._refused(turn or self._latest)
            asked = self._pause(asked)
        if asked is not None:
            self._hold(min(asked, LONGEST_PAUSE))

    def billed(self, turn: Turn, tokens: float) -> None:
        """Correct what ``turn`` set aside to the ``tokens`` that were used."""
        self._tokens.free_at += (tokens - turn.tokens) / self._tokens.rate

    @property
    def paused(self) -> float:
        """For how many seconds more nobody gets a turn; may be read from any thread."""
        return max(0.0, self._paused_until - self._clock())

    @property
    def per_minute(self) -> float:
        """Requests per minute at present, infinite without bound; may be read from any thread."""
        return 60 * self._rate(self._clock())

    def _free_at(self) -> float:
        return max(self._paused_until, self._requests.free_at, self._tokens.free_at)

    def _rate(self, now: float) -> float:
        return min(self._requests.rate, self._found.rate(now))

    def _refused(self, turn: Turn) -> None:
        if turn.number > self._answered:
            self._answered = self._latest.number
            rate = self._rate(now := self._clock())
            self._early = self._early + 1 if turn.number == self._first and rate < math.inf else 0
            if not self._early:
                self._found.cut(now, rate)
        if not self._early:
            self._found.refused()

    def _hold(self, seconds: float) -> None:
        jitter = random.uniform(0, JITTER)  # noqa: S311  spreads load, hides nothing
        self._paused_until = max(self._paused_until, self._clock() + seconds + jitter)
        self._first, self._resumed = self._latest.number + 1, math.inf
        self._requests.free_at = max(self._requests.free_at, self._paused_until)
        self._found.hold(self._paused_until)

    def _pause(self, asked: float | None) -> float:
        """Seconds after a refusal: as asked, but longer and longer where that proves too short."""
        doubled = min(LONGEST_DOUBLING, FIRST_PAUSE * 2 ** min(self._early, 7))
        if asked is None:
            return doubled
        return max(asked, doubled) if self._early else asked

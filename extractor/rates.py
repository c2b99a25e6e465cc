"""Rates of requests and tokens: as set, as the server tells, and as its refusals teach."""

import math
from collections import deque

from extractor.allowance import Allowance
from extractor.errors import ConfigError

HEADROOM = 0.95  # of a limit: requests bunch on their way, and the server's clock is another one
PERIODS = (1.0, 60.0)  # seconds: of the limits that are a rate to keep; one per day is none
LEAST_SHARE = 0.25  # of an even pace, however little is said to be left

CUT = 0.95  # of the rate found possible: where it goes on after a refusal
RECOVERY = 20.0  # seconds until it is back there, and as many requests where they are rarer
DOUBLING = 10.0  # likewise: until it has doubled where nothing but a guess was to be had
LONGEST_DOUBLING = 300.0
STEEPEST = 0.5  # of the rate tried: one burst of refusals says no less
MEASURED = 10.0  # seconds of starts that tell the rate tried
SLOWEST = 1 / 60  # requests a second


class Flow:
    """What is limited, requests or tokens: its rate as set and told, and when more may go."""

    def __init__(self, per_minute: float | None, kept: float) -> None:
        if per_minute is not None and not 0 < per_minute < math.inf:
            raise ConfigError("Requests and tokens per minute must be numbers above 0.")
        self._set = HEADROOM * per_minute / 60 if per_minute else math.inf
        self._told = math.inf
        self._kept = kept
        self._longest_reset = 0.0
        self.free_at = -math.inf

    @property
    def rate(self) -> float:
        """How much a second, by what was set and told."""
        return min(self._set, self._told)

    def take(self, now: float, amount: float, rate: float) -> None:
        """Let ``amount`` go. What ``rate`` does not cover yet is a debt that the next waits for."""
        self.free_at = max(self.free_at, now - self._kept) + amount / rate

    def hear(self, told: Allowance) -> None:
        """Learn the rate from a limit whose period is not told.

        ``reset`` is never longer than the period, so the longest that was heard tells which it is;
        without one it is a minute. A limit per day is no rate: its refusals are heard.
        """
        reset = PERIODS[-1] if told.reset is None else told.reset
        self._longest_reset = max(self._longest_reset, reset)
        fitting = [period for period in PERIODS if self._longest_reset <= 1.05 * period]
        self._told = HEADROOM * _even(told, fitting[0]) if fitting else math.inf


def _even(told: Allowance, period: float) -> float:
    """The limit's even rate a second, less where others have used up more than their share."""
    even = told.limit / period
    if told.remaining is None or not told.reset:
        return even
    return min(even, max(LEAST_SHARE * even, told.remaining / told.reset))


class Found:
    """The rate of requests that refusals teach; without bound before the first.

    After a refusal it goes on a little below what was admitted and comes back on a cubic curve:
    flat where the limit is likely, then ever steeper, as TCP and the AWS clients do. Where too
    many were refused to tell what was admitted, half of what was tried is a guess, and it doubles.
    """

    def __init__(self) -> None:
        self._starts: deque[float] = deque()  # since the last cut or pause, of the last seconds
        self._possible = self._tried = math.inf  # requests a second
        self._is_guess = False
        self._counted = self._refusals = 0  # starts before the cut, and how many were refused
        self._share = 1.0  # of the rate that one of them stands for
        self._since = -math.inf  # when the curve began

    def rate(self, now: float) -> float:
        """Requests a second."""
        if self._possible == math.inf:
            return math.inf
        gone = max(0.0, now - self._since) * min(1.0, self._possible)
        if self._is_guess:
            curve = 2 ** (min(gone, LONGEST_DOUBLING) / DOUBLING)
        else:
            curve = 1 - (1 - CUT) * (1 - gone / RECOVERY) ** 3
        return max(SLOWEST, HEADROOM * self._possible * curve)

    def started(self, now: float) -> None:
        """Count a request that starts."""
        self._starts.append(now)
        while self._starts[0] < now - MEASURED:
            self._starts.popleft()

    def cut(self, now: float, rate: float) -> None:
        """A request was refused that started at ``rate`` a second: begin anew below it."""
        starts = list(self._starts) or [now]
        brief = starts[-1] - starts[0] < 1  # no rate yet, only how many a second has room for
        self._tried = rate if brief and rate < math.inf else min(rate, _most_in_a_second(starts))
        self._counted, self._refusals = len(starts), 0
        self._share = 1.0 if brief else self._tried / self._counted
        self._starts.clear()
        self._since = now

    def hold(self, until: float) -> None:
        """Nothing starts before ``until``: the time does not count."""
        self._starts.clear()
        self._since = max(self._since, until)

    def refused(self) -> None:
        """One of the requests that started before the cut was not admitted."""
        self._refusals += 1
        admitted = self._share * (self._counted - self._refusals)
        least = STEEPEST * self._tried
        self._is_guess = admitted < least
        self._possible = max(least, min(self._tried, admitted))


def _most_in_a_second(starts: list[float]) -> int:
    most, first = 0, 0
    for last, start in enumerate(starts):
        while starts[first] <= start - 1:
            first += 1
        most = max(most, last - first + 1)
    return most

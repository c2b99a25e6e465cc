"""The pacer against servers that limit in different ways, in virtual time: all are served."""

import asyncio
import math
import random
from collections import deque

import pytest
from virtual_time import virtually

from extractor.pacing import Pacer

STYLES = {
    "seconds": lambda wait: {"retry-after": str(math.ceil(wait))},
    "too short": lambda wait: {"retry-after": str(math.floor(wait))},
    "ms": lambda wait: {"retry-after-ms": str(math.ceil(1000 * wait))},
    "none": lambda wait: {},
}


class Sliding:
    """Takes ``limit`` requests in any second. ``wait`` is 0 for one that is taken."""

    def __init__(self, limit: int = 20) -> None:
        self.taken, self.limit = deque(), limit

    def wait(self, now: float) -> float:
        while self.taken and self.taken[0] <= now - 1:
            self.taken.popleft()
        if len(self.taken) == self.limit:
            return self.taken[0] + 1 - now
        self.taken.append(now)
        return 0


class Fixed:
    """Takes ``limit`` requests in each ``period`` by the clock."""

    def __init__(self, limit: int = 20, period: float = 1) -> None:
        self.limit, self.period, self.number, self.taken = limit, period, -1, 0

    def wait(self, now: float) -> float:
        number = math.floor(now / self.period)
        if number != self.number:
            self.number, self.taken = number, 0
        self.taken += 1
        return 0 if self.taken <= self.limit else (number + 1) * self.period - now


class Bucket:
    """Takes ``rate`` requests a second, and ``depth`` at once after a rest."""

    def __init__(self, rate: float = 20, depth: float = 5) -> None:
        self.rate, self.depth, self.level, self.then = rate, depth, depth, 0

    def wait(self, now: float) -> float:
        self.level = min(self.depth, self.level + (now - self.then) * self.rate)
        self.then = now
        if self.level < 1:
            return (1 - self.level) / self.rate
        self.level -= 1
        return 0


def served(server, rpm: float | None, style: str, articles: int = 600) -> tuple[float, int]:
    """Seconds until all are served, 64 at once, and how many were refused on the way."""
    chance, refused = random.Random(5), 0

    async def one(pacer: Pacer, at_once: asyncio.Semaphore, clock) -> None:
        nonlocal refused
        async with at_once:
            while True:
                turn = await pacer.turn(1)
                await asyncio.sleep(chance.uniform(0, 0.02))
                if not (wait := server.wait(clock())):
                    return await asyncio.sleep(chance.uniform(0.03, 0.07))
                refused += 1
                pacer.heard(429, STYLES[style](wait), turn)

    async def all_of_them(clock) -> float:
        pacer, at_once = Pacer(rpm, clock=clock), asyncio.Semaphore(64)
        await asyncio.gather(*(one(pacer, at_once, clock) for _ in range(articles)))
        return clock()

    return virtually(all_of_them), refused


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("server", [Sliding, Fixed, Bucket])
@pytest.mark.parametrize(
    ("per_second", "refusals", "ratio"),
    [(20, 0, 1.09), (19, 0, 1.15), (40, 10, 1.35), (None, 70, 1.4)],
)
def test_600_articles_at_20_a_second(server, style, per_second, refusals, ratio):
    seconds, refused = served(server(), per_second and 60 * per_second, style)
    assert refused <= refusals
    assert seconds <= ratio * 600 / 20


@pytest.mark.parametrize(
    ("server", "a_second"),
    [
        (lambda: Fixed(60, 60), 1),
        (lambda: Bucket(1, 20), 1),
        (lambda: Bucket(1, 1), 1),
        (lambda: Bucket(20, 100), 20),
    ],
    ids=["by the minute", "deep", "shallow", "wide"],
)
@pytest.mark.parametrize("times", [1, 2, None])
def test_a_long_run_finds_what_the_server_takes(server, a_second, times):
    articles = 600 if a_second == 1 else 4000
    seconds, refused = served(server(), times and 60 * a_second * times, "ms", articles)
    assert refused <= 64 + 0.05 * articles
    assert seconds <= 1.2 * articles / a_second


def test_three_a_minute_are_found_too():
    seconds, refused = served(Bucket(0.05, 3), None, "seconds", 100)
    assert refused <= 64 + 20
    assert seconds <= 1.1 * 100 / 0.05

"""When requests start: by what is set, told and refused, in virtual time."""

import asyncio
import math
from collections import deque
from collections.abc import Iterable
from functools import partial

import pytest
from replies import http_date
from virtual_time import virtually

from extractor import ConfigError, pacing
from extractor.pacing import Pacer
from extractor.rates import HEADROOM

NONSENSE = ["", "nan", "-1", "inf", "soon", "1e999", "Mon, 99 Foo 2026", "\ud800"]


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pacing, "JITTER", 0)


async def starts(pacer: Pacer, count: int, tokens: float = 1) -> list[float]:
    """When each of ``count`` requests that are all asked for now may start."""
    clock = asyncio.get_running_loop().time

    async def one() -> float:
        await pacer.turn(tokens)
        return clock()

    return await asyncio.gather(*(one() for _ in range(count)))


def most_within(seconds: float, times: Iterable[float], weight: float = 1) -> float:
    recent, most = deque(), 0
    for time in times:
        recent.append(time)
        while recent[0] <= time - seconds:
            recent.popleft()
        most = max(most, len(recent))
    return most * weight


def refusal(**headers: str) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.mark.parametrize("rpm", [6, 60, 450, 1200, 60_000])
@pytest.mark.parametrize("idle", [0, 0.3, 100])
def test_a_set_rate_is_used_and_no_window_of_any_length_is_overrun(rpm: float, idle: float):
    async def play(clock):
        pacer = Pacer(rpm, clock=clock)
        first = await starts(pacer, 50)
        await asyncio.sleep(idle)
        return first + await starts(pacer, 150)

    times = virtually(play)
    for seconds in (1, 10, 60):
        assert most_within(seconds, times) <= max(1, math.ceil(rpm / 60 * seconds))
    assert times[-1] - idle <= 1.09 * 200 / (rpm / 60) + 0.5


def test_without_anything_set_told_or_refused_nothing_waits():
    times = virtually(lambda clock: starts(Pacer(clock=clock), 5000, 9999))
    assert times == [0] * 5000


def test_tokens_flow_at_their_rate_and_no_more_than_a_second_is_kept():
    async def play(clock):
        pacer = Pacer(tpm=6000, clock=clock)
        await asyncio.sleep(100)
        return await starts(pacer, 60, 20)

    times = virtually(play)
    assert most_within(1, times, 20) <= 2 * 100 + 20  # a second's worth was kept
    assert most_within(60, times[6:], 20) <= 6000
    assert times[-1] - 100 == pytest.approx(60 * 20 / (100 * HEADROOM), abs=1.5)


def test_a_request_of_more_than_a_second_goes_and_the_next_waits_for_its_debt():
    async def play(clock):
        pacer = Pacer(tpm=600, clock=clock)
        return await starts(pacer, 2, 100)

    assert virtually(play) == [0, pytest.approx(100 / (10 * HEADROOM) - 1, abs=0.01)]


@pytest.mark.parametrize(("used", "wait"), [(100, 9.7), (190, 19.4), (5, 0)])
def test_the_bill_corrects_what_was_set_aside(used: float, wait: float):
    async def play(clock):
        pacer = Pacer(tpm=600, clock=clock)
        pacer.billed(await pacer.turn(100), used)
        await pacer.turn(1)
        return clock()

    assert virtually(play) == pytest.approx(wait, abs=1.1)


STYLES = [
    (lambda s: refusal(retry_after=str(s)), 0),
    (lambda s: refusal(retry_after=http_date(s)), 1),
    (lambda s: refusal(retry_after_ms=str(1000 * s)), 0),
]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("seconds", [3, 500])
@pytest.mark.parametrize(("style", "grain"), STYLES, ids=["seconds", "date", "ms"])
def test_a_wait_however_long_pauses_everybody_and_then_all_go_on(status, seconds, style, grain):
    async def play(clock):
        pacer = Pacer(1200, clock=clock)
        turn = await pacer.turn(1)
        waiting = asyncio.create_task(starts(pacer, 100))
        await asyncio.sleep(0.51)
        pacer.heard(status, style(seconds), turn)
        assert seconds - grain - 0.1 <= pacer.paused <= seconds
        times = await waiting
        assert pacer.paused == 0
        return times

    times = virtually(play)
    assert all(t <= 0.51 or t >= 0.5 + seconds - grain for t in times)
    assert most_within(1, times) <= 20
    assert times[-1] <= 0.51 + seconds + 2 * 100 / 20


def test_jitter_is_added_to_what_was_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pacing, "JITTER", 0.25)

    def waited(_: int) -> float:
        pacer = Pacer(clock=lambda: 0.0)
        pacer.heard(429, {"retry-after": "2"})
        return pacer.paused

    waits = sorted(map(waited, range(100)))
    assert 2 <= waits[0] < waits[50] < waits[-1] <= 2.25


@pytest.mark.parametrize("value", NONSENSE)
def test_a_senseless_wait_is_a_short_one_and_a_huge_one_is_an_hour(value: str):
    pacer = Pacer(clock=lambda: 0.0)
    pacer.heard(429, {"retry-after": value, "retry-after-ms": value})
    assert pacer.paused == pacing.FIRST_PAUSE
    pacer.heard(429, {"retry-after": "999999999"})
    assert pacer.paused == 3600


@pytest.mark.parametrize("headers", [{}, {"retry-after": "0"}])
def test_a_pause_that_proves_too_short_is_doubled_and_the_rate_is_left_alone(headers):
    async def play(clock):
        pacer = Pacer(600, clock=clock)
        await pacer.turn(1)
        rates, pauses = [], []
        for _ in range(10):
            pacer.heard(429, headers, await pacer.turn(1))
            rates.append(round(pacer.per_minute, 6))
            pauses.append(pacer.paused)
        return rates, pauses

    rates, pauses = virtually(play)
    assert len(set(rates)) == 1
    assert pauses[1:] == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60])


async def overrun(pacer: Pacer, refused: int) -> float:
    """The rate a minute after 80 paced starts, of which the last ``refused`` are refused."""
    turns = [await pacer.turn(1) for _ in range(80)]
    for turn in turns[80 - refused :]:
        pacer.heard(429, {"retry-after-ms": "1"}, turn)
    return pacer.per_minute


def test_a_lone_refusal_leaves_a_rate_that_was_set_and_another_soon_after_lowers_it():
    async def play(clock):
        pacer, rates = Pacer(600, clock=clock), []
        for count in (80, 200, 20, 80):
            for _ in range(count):
                turn = await pacer.turn(1)
            pacer.heard(429, {"retry-after-ms": "1"}, turn)
            rates.append(round(pacer.per_minute))
        return rates

    first, rare, soon, again = virtually(play)
    assert first == rare == round(600 * HEADROOM)
    assert again < soon < first


def test_a_burst_of_refusals_cuts_the_rate_once():
    async def play(clock, refused):
        pacer = Pacer(600, clock=clock)
        await overrun(pacer, 1)
        return await overrun(pacer, refused)

    one, ten = (virtually(partial(play, refused=refused)) for refused in (1, 10))
    assert one == pytest.approx(600 * HEADROOM * 0.88, rel=0.03)
    assert one > ten > 0.8 * one


def test_each_new_refusal_lowers_the_rate_and_time_raises_it_up_to_what_was_set():
    async def play(clock):
        pacer = Pacer(600, clock=clock)
        falling = [await overrun(pacer, 1) for _ in range(4)]
        rising = []
        for _ in range(60):
            await asyncio.sleep(5)
            rising.append(pacer.per_minute)
        return falling, rising

    falling, rising = virtually(play)
    assert falling == sorted(falling, reverse=True)
    assert rising == sorted(rising)
    assert rising[0] < rising[4] < rising[-1] == pytest.approx(600 * HEADROOM)
    assert falling[-1] > 200


def test_refusals_for_ever_leave_one_request_a_minute():
    async def play(clock):
        pacer = Pacer(clock=clock)
        for _ in range(300):
            await pacer.turn(1)
            pacer.heard(429, {"retry-after-ms": "1"}, await pacer.turn(1))
        return pacer.per_minute

    assert 1 <= virtually(play) < 3


def test_whoever_asks_first_goes_first():
    async def play(clock):
        pacer, order = Pacer(600, clock=clock), []

        async def one(number: int) -> None:
            await asyncio.sleep(number * 1e-3)
            await pacer.turn(1000 if number % 2 else 1)
            order.append(number)

        await asyncio.gather(*map(one, range(100)))
        return order

    assert virtually(play) == list(range(100))


@pytest.mark.parametrize("cancelled", [{0}, {1}, {5}, set(range(9)), {9}])
def test_a_waiter_that_is_cancelled_takes_no_turn(cancelled: set[int]):
    async def play(clock, gone):
        pacer = Pacer(60, clock=clock)
        await pacer.turn(1)
        tasks = [asyncio.create_task(starts(pacer, 1)) for _ in range(10)]
        await asyncio.sleep(0.3)
        for number in gone:
            tasks[number].cancel()
        return [t for task in tasks if task not in [tasks[n] for n in gone] for t in await task]

    times = virtually(partial(play, gone=cancelled))
    assert times == pytest.approx(virtually(partial(play, gone=set()))[: len(times)])


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
def test_a_limit_that_is_no_number_above_0_is_refused(value: float):
    with pytest.raises(ConfigError, match="above 0"):
        Pacer(rpm=value)
    with pytest.raises(ConfigError, match="above 0"):
        Pacer(tpm=value)

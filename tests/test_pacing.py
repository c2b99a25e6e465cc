"""When requests start: by what is set, told and refused, in virtual time."""

import asyncio
import math
import random
from collections import deque
from collections.abc import Iterable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replies import http_date
from virtual_time import virtually

from extractor import ConfigError, pacing
from extractor.allowance import allowance, duration
from extractor.pacing import Pacer

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


def told(kind: str, limit: str, remaining: str = "", reset: str = "") -> dict[str, str]:
    values = {"limit": limit, "remaining": remaining, "reset": reset}
    return {f"x-ratelimit-{name}-{kind}": value for name, value in values.items() if value}


@pytest.mark.parametrize("rpm", [6, 60, 450, 1200, 60_000])
@pytest.mark.parametrize("idle", [0, 0.3, 100])
def test_a_set_rate_is_used_and_no_window_of_any_length_is_overrun(rpm: float, idle: float):
    async def play(clock):
        pacer = Pacer(rpm, clock=clock)
        first = await starts(pacer, 50)
        await asyncio.sleep(idle)
        return first + await starts(pacer, 150)

    times = virtually(play)
    for seconds in (1, 2, 10, 60):
        assert most_within(seconds, times) <= max(1, math.ceil(rpm / 60 * seconds))
    assert times[-1] - idle <= 1.06 * 200 / (rpm / 60) + 0.6  # it starts with less


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
    assert times[-1] - 100 == pytest.approx(60 * 20 / 95, abs=1.5)


def test_a_request_of_more_than_a_second_goes_and_the_next_waits_for_its_debt():
    async def play(clock):
        pacer = Pacer(tpm=600, clock=clock)
        return await starts(pacer, 2, 100)

    assert virtually(play) == [0, pytest.approx(100 / 9.5 - 1, abs=0.01)]


@pytest.mark.parametrize(("used", "wait"), [(100, 9.5), (190, 19), (5, 0)])
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


@pytest.mark.parametrize(
    ("headers", "rate"),
    [
        (told("requests", "600"), 600),
        (told("requests", "600", "599", "59s"), 600),
        (told("requests", "600", "300", "30s"), 600),
        (told("requests", "10000", "9999", "6ms"), 60 * 10_000),  # how long is not known yet
        (told("requests", "20", "19", "0.9s"), 20 * 60),
        (told("requests", "600", "200", "40s"), 300),  # others take their share
        (told("requests", "600", "0", "50s"), 150),
        (told("requests", "200", "199", "7m12s"), math.inf),  # a day's
        (told("requests", "10000", "42", "23h50m"), math.inf),
        (told("requests", "0"), math.inf),
        (told("requests", "600", "many", "6 o'clock"), 600),
        (told("tokens", "600", "599", "59s"), math.inf),
        *((told("requests", value, value, value), math.inf) for value in NONSENSE),
    ],
)
def test_a_rate_is_learned_from_headers(headers: dict[str, str], rate: float):
    pacer = Pacer(clock=lambda: 0.0)
    pacer.heard(200, headers)
    assert pacer.per_minute == pytest.approx(0.95 * rate)


def test_what_was_set_is_never_exceeded_and_a_lower_limit_is_kept():
    pacer = Pacer(300, clock=lambda: 0.0)
    pacer.heard(200, told("requests", "6000", "5999", "59s"))
    assert pacer.per_minute == pytest.approx(285)
    pacer.heard(200, told("requests", "60", "59", "59s"))
    assert pacer.per_minute == pytest.approx(57)


def test_tokens_are_learned_too():
    async def play(clock):
        pacer = Pacer(clock=clock)
        pacer.heard(200, told("tokens", "6000", "5900", "59s"))
        return await starts(pacer, 20, 50)

    assert virtually(play)[-1] == pytest.approx(1000 / 95, abs=1.6)


async def overrun(pacer: Pacer, clock, refused: int) -> float:
    """The rate a minute after 40 paced starts, of which the last ``refused`` are refused."""
    turns = [await pacer.turn(1) for _ in range(40)]
    for turn in turns[40 - refused :]:
        pacer.heard(429, {"retry-after-ms": "1"}, turn)
    return pacer.per_minute


def test_a_burst_of_refusals_cuts_the_rate_once():
    def rate(refused: int) -> float:
        return virtually(lambda clock: overrun(Pacer(600, clock=clock), clock, refused))

    assert rate(1) == pytest.approx(570 * 0.9, rel=0.03)
    assert rate(1) >= rate(10) >= 0.6 * rate(1)


def test_each_new_refusal_lowers_the_rate_and_time_raises_it_up_to_what_was_set():
    async def play(clock):
        pacer = Pacer(600, clock=clock)
        falling = [await overrun(pacer, clock, 1) for _ in range(4)]
        rising = []
        for _ in range(60):
            await asyncio.sleep(5)
            rising.append(pacer.per_minute)
        return falling, rising

    falling, rising = virtually(play)
    assert falling == sorted(falling, reverse=True)
    assert rising == sorted(rising)
    assert rising[0] < rising[4] < rising[-1] == pytest.approx(570)
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


class SlidingWindow:
    """A server that takes ``limit`` requests in any second."""

    def __init__(self, limit: int) -> None:
        self.admitted, self.limit, self.asked, self.refused = deque(), limit, 0, 0

    def wait(self, now: float) -> float:
        self.asked += 1
        while self.admitted and self.admitted[0] <= now - 1:
            self.admitted.popleft()
        if len(self.admitted) < self.limit:
            self.admitted.append(now)
            return 0
        self.refused += 1
        return self.admitted[0] + 1 - now


@pytest.mark.parametrize(
    ("per_second", "share", "ratio"),
    [(20, 0, 1.08), (19, 0, 1.14), (40, 0.05, 1.15), (None, 0.08, 1.15)],
)
@pytest.mark.parametrize("style", ["seconds", "ms", "none"])
def test_all_are_served_by_a_server_with_a_limit(per_second, share, ratio, style):
    server, chance = SlidingWindow(20), random.Random(5)
    styles = {
        "seconds": lambda wait: refusal(retry_after=str(math.ceil(wait))),
        "ms": lambda wait: refusal(retry_after_ms=str(math.ceil(1000 * wait))),
        "none": lambda wait: {},
    }

    async def play(clock):
        pacer, at_once = Pacer(per_second and 60 * per_second, clock=clock), asyncio.Semaphore(64)

        async def one() -> None:
            async with at_once:
                while True:
                    turn = await pacer.turn(1)
                    await asyncio.sleep(chance.uniform(0, 0.01))
                    if not (wait := server.wait(clock())):
                        return await asyncio.sleep(0.05)
                    pacer.heard(429, styles[style](wait), turn)

        await asyncio.gather(*(one() for _ in range(600)))
        return clock()

    seconds = virtually(play)
    assert server.asked - server.refused == 600
    assert server.refused <= share * server.asked
    assert seconds <= ratio * 30


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1),
        ("6m0s", 360),
        ("120ms", 0.12),
        ("1h2m3s", 3723),
        ("2m59.56s", 179.56),
        ("1d", 86_400),
        ("0s", 0),
        ("17", 17),
        (" 1.5 ", 1.5),
        ("1h2x", None),
        ("s", None),
        ("5 s", None),
        *((value, None) for value in NONSENSE),
    ],
)
def test_durations_are_read(text: str, seconds: float | None):
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))


@given(st.text() | st.from_regex(r"[0-9.eEhmsd+-]{1,20}"))
def test_no_header_breaks_the_pace(value: str):
    names = [
        f"x-ratelimit-{n}-{k}"
        for n in ("limit", "remaining", "reset")
        for k in ("requests", "tokens")
    ]
    headers = dict.fromkeys([*names, "retry-after", "retry-after-ms"], value)
    pacer = Pacer(clock=lambda: 0.0)
    for status in (200, 429, 500):
        pacer.heard(status, headers)
    assert 0 <= pacer.paused <= 3600.3
    assert pacer.per_minute > 0
    known = allowance(headers, "requests")
    assert known is None or 0 < known.limit < math.inf


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
def test_a_limit_that_is_no_number_above_0_is_refused(value: float):
    with pytest.raises(ConfigError, match="above 0"):
        Pacer(rpm=value)
    with pytest.raises(ConfigError, match="above 0"):
        Pacer(tpm=value)

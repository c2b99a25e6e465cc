"""What a server's headers teach the pacer, and what nonsense in them does not."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_pacing import NONSENSE, starts
from virtual_time import virtually

from extractor.allowance import allowance, duration
from extractor.pacing import Pacer
from extractor.rates import HEADROOM


def told(kind: str, limit: str, remaining: str = "", reset: str = "") -> dict[str, str]:
    values = {"limit": limit, "remaining": remaining, "reset": reset}
    return {f"x-ratelimit-{name}-{kind}": value for name, value in values.items() if value}


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
    assert pacer.per_minute == pytest.approx(HEADROOM * rate)


def test_what_was_set_is_never_exceeded_and_a_lower_limit_is_kept():
    pacer = Pacer(300, clock=lambda: 0.0)
    pacer.heard(200, told("requests", "6000", "5999", "59s"))
    assert pacer.per_minute == pytest.approx(300 * HEADROOM)
    pacer.heard(200, told("requests", "60", "59", "59s"))
    assert pacer.per_minute == pytest.approx(60 * HEADROOM)


def test_tokens_are_learned_too():
    async def play(clock):
        pacer = Pacer(clock=clock)
        pacer.heard(200, told("tokens", "6000", "5900", "59s"))
        return await starts(pacer, 20, 50)

    assert virtually(play)[-1] == pytest.approx(1000 / (100 * HEADROOM), abs=1.6)


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

"""Times compared as intervals: ISO 8601 and the part of EDTF that news needs."""

import re
from datetime import UTC, datetime, timedelta

from evals.gold import GoldTime
from evals.words import text_similarity
from schemas import Time

Interval = tuple[datetime, datetime]

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)
OPEN = {"", ".."}
QUALIFIERS = "?~%"
SEASONS = {21: (3, 3), 22: (6, 3), 23: (9, 3), 24: (12, 3)}  # first month, months
QUARTERS = {33: (1, 3), 34: (4, 3), 35: (7, 3), 36: (10, 3)}
HALVES = {40: (1, 6), 41: (7, 6)}
PARTS = SEASONS | QUARTERS | HALVES
YEAR = re.compile(r"(\d{2})(\d|X)(\d|X)$")
MONTH = re.compile(r"(\d{4})-(\d{2}|XX)$")
DAY = re.compile(r"(\d{4}-\d{2})-(\d{2}|XX)$")
WEEK = re.compile(r"\d{4}-W\d{2}$")
CLOCK = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}(:\d{2})?(:\d{2})?")
HOLDS = 0.5


def interval(value: str) -> Interval | None:
    """The stretch of time that ``value`` names, end exclusive; None if it cannot be read.

    Time zones are dropped: a news article rarely means another zone than its own.
    """
    first, slash, last = value.partition("/")
    try:
        if not slash:
            return _single(first.rstrip(QUALIFIERS))
        return _end(first, 0, EARLIEST), _end(last, 1, LATEST)
    except (ValueError, OverflowError):
        return None


def _end(value: str, side: int, unbounded: datetime) -> datetime:
    return unbounded if value in OPEN else _single(value.rstrip(QUALIFIERS))[side]


def _single(value: str) -> Interval:
    if match := YEAR.match(value):
        return _years(*match.groups())
    if match := MONTH.match(value):
        return _months(int(match[1]), match[2])
    if match := DAY.match(value):
        return _single(match[1]) if match[2] == "XX" else _days(value, 1)
    if WEEK.match(value):
        return _days(value, 7)
    return _clock(value)


def _years(century: str, decade: str, year: str) -> Interval:
    span = 100 if decade == "X" else 10 if year == "X" else 1
    first = int(century + decade.replace("X", "0") + year.replace("X", "0"))
    return _first_of(first, 1), _first_of(first + span, 1)


def _months(year: int, month: str) -> Interval:
    if month == "XX":
        return _years(f"{year:04}"[:2], f"{year:04}"[2], f"{year:04}"[3])
    first, length = PARTS.get(int(month), (int(month), 1))
    after = year * 12 + first - 1 + length
    return _first_of(year, first), _first_of(after // 12, after % 12 + 1)


def _first_of(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


def _days(value: str, length: int) -> Interval:
    start = datetime.fromisoformat(value).replace(tzinfo=UTC)
    return start, start + timedelta(days=length)


def _clock(value: str) -> Interval:
    match = CLOCK.match(value)
    if not match:
        raise ValueError(f"not a time: {value!r}")
    start = datetime.fromisoformat(value).replace(tzinfo=UTC)
    units = [bool(part) for part in match.groups()].count(True)
    return start, start + (timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))[units]


def value_similarity(left: str, right: str) -> float:
    """1 for the same value and granularity, .5 if one interval holds the other, else 0."""
    if left == right:
        return 1.0
    a, b = interval(left), interval(right)
    if a is None or b is None:
        return 0.0
    if a == b and (left[-1] in QUALIFIERS) == (right[-1] in QUALIFIERS):
        return 1.0
    holds = (a[0] <= b[0] and b[1] <= a[1]) or (b[0] <= a[0] and a[1] <= b[1])
    return HOLDS if holds else 0.0


def time_similarity(left: Time | GoldTime, right: Time | GoldTime) -> float:
    """Times by value; unresolved ones by their words. A resolved one never equals an unresolved."""
    if left.value is not None and right.value is not None:
        return value_similarity(left.value, right.value)
    if left.value is None and right.value is None:
        return text_similarity(left.text, right.text)
    return 0.0

"""Names of days, months and seasons, and arithmetic on days.

Values are ISO 8601 or EDTF: a day, a month, a year, a season (codes 21 spring to 24 winter; a
winter bears the year in which it begins, and seasons are those of the northern hemisphere), or an
interval "a/b" of these, ".." for an open end and nothing for an unknown one. All functions raise
``ValueError`` or ``OverflowError`` outside the years 1 to 9999.
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from extractor.normalise.vocabulary import listed
from extractor.patterns import any_of

_MONTHS = listed(
    "January February March April May June July August September October November December"
)
_MONTHS_SHORT = listed("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
_WEEKDAYS = listed("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_WEEKDAYS_SHORT = listed("Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun")
MONTHS = {name.lower(): i for names in (_MONTHS, _MONTHS_SHORT) for i, name in enumerate(names, 1)}
MONTHS["sept"] = 9
WEEKDAYS = {name.lower(): i for i, name in enumerate(_WEEKDAYS)}
WEEKDAY_NAMES = frozenset(name.lower() for name in (*_WEEKDAYS, *_WEEKDAYS_SHORT))
SEASONS = {"spring": 21, "summer": 22, "autumn": 23, "fall": 23, "winter": 24}
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "final": 4}


def _spellings(names: Iterable[str]) -> str:
    return any_of(spelling for name in names for spelling in (name, name.upper()))


# Capitals only: "may" and "march" are verbs first.
NAMES = _spellings((*_WEEKDAYS, *_WEEKDAYS_SHORT, *_MONTHS, *_MONTHS_SHORT, "Sept"))
MONTH = rf"(?:(?:{_spellings(_MONTHS)})\b|(?:{_spellings((*_MONTHS_SHORT, 'Sept'))})\b\.?)"
WEEKDAY = rf"(?:{_spellings(_WEEKDAYS)})\b"
ANY_WEEKDAY = rf"(?:{WEEKDAY}|(?:{'|'.join(_WEEKDAYS_SHORT)})\b\.?)"
SEASON = r"(?:spring|summer|autumn|fall|winter|Spring|Summer|Autumn|Fall|Winter)\b"


def month_number(name: str) -> int:
    """1 to 12, for a month's name or abbreviation."""
    return MONTHS[name.lower().rstrip(".")]


def shift(now: datetime, count: float, unit: str) -> datetime:
    """``now`` moved by ``count`` hours, days, weeks, fortnights, months, years or decades."""
    days = {"day": 1, "week": 7, "fortnight": 14}
    months = {"month": 1, "quarter": 3, "year": 12, "decade": 120}
    if unit in days:
        return now + timedelta(days=days[unit] * count)
    if unit not in months:
        return now + timedelta(**{f"{unit}s": count})
    year, month = divmod(now.year * 12 + now.month - 1 + int(count * months[unit]), 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def span(first: date, last: date) -> str:
    """The interval from one day to another, a day if they are the same."""
    return f"{iso(first)}/{iso(last)}" if first != last else iso(first)


def iso(day: date) -> str:
    """YYYY-MM-DD, whatever clock time ``day`` has."""
    return day.isoformat()[:10]


def weekday_from(day: date, weekday: int, direction: int) -> date:
    """The nearest such weekday, ``day`` included: forwards (1) or backwards (-1)."""
    return day + timedelta(days=direction * ((weekday - day.weekday()) * direction % 7))


def bounds(day: date, unit: str) -> tuple[date, date]:
    """First and last day of the week, month, quarter or year that ``day`` is in."""
    if unit == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    length = {"month": 1, "quarter": 3, "year": 12}[unit]
    month = (day.month - 1) // length * length + 1
    last = month + length - 1
    return date(day.year, month, 1), date(day.year, last, monthrange(day.year, last)[1])


def quarter(year: int, number: int) -> str:
    """A quarter of a calendar year as an interval of months: EDTF's own codes are little read."""
    return f"{year:04d}-{3 * number - 2:02d}/{year:04d}-{3 * number:02d}"


def season_start(year: int, code: int) -> date:
    """The first day of a season: March, June, September or December 1."""
    return date(year, 3 * (code - 20), 1)


def season_end(year: int, code: int) -> date:
    """The last day of the season that begins in ``year``."""
    month = 3 * (code - 20) + 2
    year, month = (year, month) if month <= 12 else (year + 1, month - 12)
    return date(year, month, monthrange(year, month)[1])


def nearest(today: date, month: int, day: int, outlook: int) -> date | None:
    """The nearest such day ahead (``outlook`` 1), behind (-1) or on either side (0) of today."""
    years = range(today.year - 4, today.year + 5)  # February 29 may be four years off
    found = (date(y, month, day) for y in years if day <= monthrange(y, month)[1])
    side = (d for d in found if (d - today).days * outlook >= 0)
    return min(side, key=lambda d: abs(d - today), default=None)

"""What each phrase for a time means: a value, given when the article was published.

Every reading takes the match of its pattern (in ``phrases``) and a ``Frame``; readings of explicit
dates ignore the frame. Null: there is a time, but its value can't be known.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from extractor.normalise import days
from extractor.normalise.days import ORDINALS, SEASONS, WEEKDAYS, iso, span
from extractor.normalise.numbers import number_value
from extractor.normalise.tense import outlook

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Frame:
    """Where a relative time is seen from: the moment of publication, and its place in the text."""

    now: datetime
    text: str
    start: int
    end: int

    @property
    def today(self) -> date:
        """The day of publication."""
        return self.now.date()

    @property
    def outlook(self) -> int:
        """1 if the words around look to the future, -1 to the past, 0 if they don't say."""
        return outlook(self.text, self.start, self.end)


def _word(match: re.Match[str], group: str) -> str:
    return (match.groupdict().get(group) or "").lower()


def full_date(match: re.Match[str], _: Frame) -> str | None:
    """A day with its year: "3 November 2016", "3-5 November 2016"."""
    year, month = int(match["year"]), days.month_number(match["month"])
    return _from_day(match, date(year, month, _day(match["day"])))


def _from_day(match: re.Match[str], last: date) -> str:
    return span(last.replace(day=_day(match["from"])), last) if match["from"] else iso(last)


def _day(words: str) -> int:
    return int(words.rstrip("sthndrSTHNDR"))


def day_and_month(match: re.Match[str], frame: Frame) -> str | None:
    """A day without its year: the nearest such day on the side the words look to."""
    month, number = days.month_number(match["month"]), _day(match["day"])
    if year := _year_named(match, frame):
        return _from_day(match, date(year, month, number))
    day = days.nearest(frame.today, month, number, frame.outlook)
    return _from_day(match, day) if day else None


def _year_named(match: re.Match[str], frame: Frame) -> int | None:
    """The year of "24 February last year", if there is such an addition."""
    step = {"last": -1, "this": 0, "next": 1}.get(_word(match, "of_year"))
    return None if step is None else frame.today.year + step


def iso_date(match: re.Match[str], _: Frame) -> str | None:
    """A day as ISO 8601 writes it."""
    return iso(date.fromisoformat(match[0]))


def numeric_date(match: re.Match[str], _: Frame) -> str | None:
    """A day in figures ("13/11/2016"); null where day and month could change places."""
    first, second = int(match["first"]), int(match["second"])
    if first <= 12 and second <= 12 and first != second:
        return None
    day, month = (first, second) if first > 12 else (second, first)
    return iso(date(int(match["year"]), month, day))


def month_of_year(match: re.Match[str], _: Frame) -> str | None:
    """A month with its year: "March 2024"."""
    return f"{int(match['year']):04d}-{days.month_number(match['month']):02d}"


def bare_month(match: re.Match[str], frame: Frame) -> str | None:
    """A month without its year: the last one begun, unless the words look ahead."""
    month = days.month_number(match["month"])
    year = _year_named(match, frame) or _year_of_month(month, frame, _word(match, "which"))
    return f"{year:04d}-{month:02d}"


def _year_of_month(month: int, frame: Frame, which: str) -> int:
    today = frame.today
    if which == "this":
        return today.year
    if which == "next" or (not which and frame.outlook > 0):
        return today.year + (month < today.month or (which == "next" and month == today.month))
    return today.year - (month > today.month or (which == "last" and month == today.month))


def season_of_year(match: re.Match[str], _: Frame) -> str | None:
    """A season with its year: "the summer of 2014"."""
    return f"{int(match['year']):04d}-{SEASONS[_word(match, 'season')]}"


def bare_season(match: re.Match[str], frame: Frame) -> str | None:
    """A season without its year: the last one begun, unless the words look ahead."""
    code, today, which = SEASONS[_word(match, "season")], frame.today, _word(match, "which")
    begun = today.year - (days.season_start(today.year, code) > today)
    over = days.season_end(begun, code) < today
    earlier = days.season_start(begun, code).year < today.year
    ahead = {"last": False, "next": True, "this": over and earlier}
    year = begun + ahead.get(which, over and frame.outlook > 0) - (which == "last" and not over)
    return f"{year:04d}-{code}"


def quarter_of_year(match: re.Match[str], _: Frame) -> str | None:
    """A quarter with its year: "the third quarter of 2024", "Q3 2024"."""
    return days.quarter(int(match["year"]), _quarter_number(match))


def _quarter_number(match: re.Match[str]) -> int:
    return int(match["q"]) if match["q"] else ORDINALS[_word(match, "nth")]


def bare_quarter(match: re.Match[str], frame: Frame) -> str | None:
    """A quarter without its year: the last one begun, or the next to end."""
    number, current = _quarter_number(match), (frame.today.month + 2) // 3
    shift = number < current if frame.outlook > 0 else -(number > current)
    return days.quarter(frame.today.year + shift, number)


def half_of_year(match: re.Match[str], _: Frame) -> str | None:
    """A half of a year: "the first half of 2016"."""
    year, first = int(match["year"]), 1 if _word(match, "nth") == "first" else 7
    return f"{year:04d}-{first:02d}/{year:04d}-{first + 5:02d}"


def decade(match: re.Match[str], _: Frame) -> str | None:
    """A decade: "the 1990s"."""
    return f"{int(match['decade'])}X"


def bare_year(match: re.Match[str], _: Frame) -> str | None:
    """A year, or two: "2014", "2016-17"."""
    year = int(match["year"])
    if match["next"] is None:
        return f"{year:04d}"
    return f"{year:04d}/{year + 1:04d}" if int(match["next"]) == (year + 1) % 100 else None


def weekday(match: re.Match[str], frame: Frame) -> str | None:
    """A weekday: the last one, today included, or the next one if the words look ahead."""
    number, today, which = WEEKDAYS[_word(match, "weekday")], frame.today, _word(match, "which")
    if _word(match, "week") or (which == "this" and frame.outlook <= 0):
        weeks = {"last": -1, "next": 1}.get(_word(match, "week"), 0)
        return iso(days.bounds(today, "week")[0] + timedelta(days=7 * weeks + number))
    if which == "next":
        return iso(days.weekday_from(today + _ONE_DAY, number, 1))
    if which == "last":
        return iso(days.weekday_from(today - _ONE_DAY, number, -1))
    return iso(days.weekday_from(today, number, 1 if frame.outlook > 0 else -1))


def near_day(match: re.Match[str], frame: Frame) -> str | None:
    """A day by its nearness: "today", "yesterday morning", "tonight", "last night"."""
    step = {"yesterday": -1, "last": -1, "tomorrow": 1}.get(_word(match, "near"), 0)
    return iso(frame.today + step * _ONE_DAY)


def overnight(_: re.Match[str], frame: Frame) -> str | None:
    """The night that ends on the day of publication."""
    return span(frame.today - _ONE_DAY, frame.today)


def weekend(match: re.Match[str], frame: Frame) -> str | None:
    """A Saturday and a Sunday: "last weekend", "at the weekend"."""
    today, which = frame.today, _word(match, "which")
    running = days.weekday_from(today, 5, -1) if today.weekday() >= 5 else None
    if which == "last" or (not which and frame.outlook <= 0):
        saturday = days.weekday_from(today, 5, -1)
        saturday -= timedelta(days=7) if running and which == "last" else timedelta()
    else:
        saturday = running or days.weekday_from(today, 5, 1)
        saturday += timedelta(days=7) if which == "next" and running else timedelta()
    return span(saturday, saturday + _ONE_DAY)


def calendar_unit(match: re.Match[str], frame: Frame) -> str | None:
    """A unit of the calendar, the whole of it: "last week", "this month", "next year"."""
    unit, step = _word(match, "unit"), {"last": -1, "next": 1}.get(_word(match, "which"), 0)
    first, last = days.bounds(days.shift(frame.now, step, unit).date(), unit)
    match unit:
        case "year":
            return iso(first)[:4]
        case "month":
            return iso(first)[:7]
        case "quarter":
            return f"{iso(first)[:7]}/{iso(last)[:7]}"
        case _:
            return span(first, last)


def side_of_unit(match: re.Match[str], frame: Frame) -> str | None:
    """Part of a unit, from its start or to its end: "earlier this week", "later this year"."""
    first, last = days.bounds(frame.today, _word(match, "unit"))
    if _word(match, "side") == "earlier":
        return span(first, frame.today)
    return span(frame.today, last)


def stretch(match: re.Match[str], frame: Frame) -> str | None:
    """A stretch up to publication, or from it on: "past two weeks", "next ten days"."""
    ahead = _word(match, "which") in {"next", "coming"}
    count = _count(_word(match, "count"))
    if count is None:
        return f"{iso(frame.today)}/" if ahead else f"/{iso(frame.today)}"
    other = days.shift(frame.now, count if ahead else -count, _word(match, "unit")).date()
    return span(frame.today, other) if ahead else span(other, frame.today)


def recent(match: re.Match[str], frame: Frame) -> str | None:
    """A stretch with one end unknown, which EDTF leaves empty: "recent days"."""
    ahead = _word(match, "which") == "coming"
    return f"{iso(frame.today)}/" if ahead else f"/{iso(frame.today)}"


def ago(match: re.Match[str], frame: Frame) -> str | None:
    """A distance from publication, as fine as its unit: "two weeks ago", "a year from now".

    Null for "a few weeks ago", and for "two weeks earlier", which is seen from elsewhere.
    """
    way, count, unit = _word(match, "way"), _count(_word(match, "count")), _word(match, "unit")
    if count is None or way in {"earlier", "later"}:
        return None
    day = iso(days.shift(frame.now, -count if way == "ago" else count, unit))
    return day[: {"month": 7, "year": 4, "decade": 4}.get(unit, 10)]


def _count(words: str) -> float | None:
    """1 for "" and "a", null for "few"."""
    if words in {"", "a", "an"}:
        return 1.0
    return None if re.search("few|several|couple", words) else number_value(words)

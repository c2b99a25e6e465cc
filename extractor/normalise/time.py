"""Times in a text: which day, month, year or stretch the words mean, and what that rests on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timezone

from extractor.normalise.days import ANY_WEEKDAY, MONTH
from extractor.normalise.numbers import GAP, last_word
from extractor.normalise.phrases import START, Phrase, may_tell_a_time, phrases_from
from extractor.normalise.readings import Frame
from extractor.normalise.vocabulary import listed
from schemas.claims import Time, TimeBasis

_REACH = 32
_NEVER = datetime(1, 1, 1, tzinfo=UTC)  # explicit dates are not seen from anywhere


# "Since Monday" is another time than Monday; "on Monday" is not.
_LEAD = re.compile(
    rf"(?:\b(?P<since>since|after){GAP}|\b(?P<until>until|till|before){GAP}|\b(?P<by>by){GAP})?"
    rf"(?:(?:the{GAP})?(?P<part>\b(?:early|late|mid)(?:{GAP}|[-‐‑]))|the{GAP})?\Z",
    re.IGNORECASE,
)
_LEAD_ENDS = frozenset(listed("since after until till before by the early late mid"))
_TO = re.compile(rf"{GAP}(?:to|until|till|through){GAP}|[-–]")
_AND = re.compile(rf"{GAP}and{GAP}(?:the{GAP})?")
_FROM = re.compile(rf"\bfrom{GAP}(?:the{GAP})?\Z", re.IGNORECASE)
_BETWEEN = re.compile(rf"\bbetween{GAP}(?:the{GAP})?\Z", re.IGNORECASE)


@dataclass(frozen=True)
class LocatedTime:
    """A time and where it stands: ``text[start:end] == time.text``, in code points."""

    start: int
    end: int
    time: Time


def find_times(
    text: str, published_at: datetime | None, start: int = 0, end: int | None = None
) -> tuple[LocatedTime, ...]:
    """Every time between ``start`` and ``end`` (code points), seen from ``published_at`` alone.

    Values are ISO 8601 or EDTF: "2016-11-03", "2014-22" (summer), "199X", "2016-10-31/.." ("since
    Monday"), "/2016-11-03" ("in recent days": up to publication, from when is not known). Without
    ``published_at`` relative times are unresolved. Durations and clock times alone are no times.
    """
    stop = len(text) if end is None else min(end, len(text))
    if not may_tell_a_time(text[start:stop]):
        return ()
    return tuple(_merged(text, list(_times(text, published_at, start, stop))))


def _times(text: str, published: datetime | None, start: int, stop: int) -> Iterator[LocatedTime]:
    done = start
    for first in START.finditer(text, start, stop):
        if first.start() < done:
            continue
        found = _matched(text, first, stop)
        if found:
            yield _located(text, published, done, *found)
            done = found[1].end()


def _matched(text: str, first: re.Match[str], stop: int) -> tuple[Phrase, re.Match[str]] | None:
    at = first.start()
    for phrase in phrases_from(first.group()):
        match = phrase.pattern.match(text, at, stop)
        if match and _follows(text, at, phrase.before):
            return phrase, match
    return None


def _follows(text: str, at: int, before: re.Pattern[str] | None) -> bool:
    return before is None or before.search(text, max(0, at - _REACH), at) is not None


def _located(
    text: str, published: datetime | None, floor: int, phrase: Phrase, match: re.Match[str]
) -> LocatedTime:
    lead = _lead(text, floor, match.start())
    start, end = (lead.start() if lead else match.start()), match.end()
    value, basis = _read(text, published, phrase, match)
    if value and lead and lead["since"]:
        value = f"{value.split('/')[0]}/.."
    if value and lead and lead["until"]:
        value = f"../{value.split('/')[-1]}"
    return LocatedTime(start, end, Time(text=text[start:end], value=value, basis=basis))


def _lead(text: str, floor: int, at: int) -> re.Match[str] | None:
    before = text[max(floor, at - _REACH) : at]
    if last_word(before).lower() not in _LEAD_ENDS and before[-1:] not in "-‐‑":
        return None
    lead = _LEAD.search(text, max(floor, at - _REACH), at)
    return lead if lead and lead.lastgroup else None


def _read(
    text: str, published: datetime | None, phrase: Phrase, match: re.Match[str]
) -> tuple[str | None, TimeBasis]:
    if published is None and not phrase.explicit:
        return None, TimeBasis.UNRESOLVED
    frame = Frame(published or _NEVER, text, *match.span())
    try:
        value = phrase.read(match, frame)
    except (ValueError, OverflowError):  # no such day in the calendar
        value = None
    if value is None:
        return None, TimeBasis.UNRESOLVED
    return value, TimeBasis.EXPLICIT if phrase.explicit else TimeBasis.PUBLISHED_AT


def _merged(text: str, times: list[LocatedTime]) -> Iterator[LocatedTime]:
    """The times, with "from 2016 to 2021" and "between March and May" made one."""
    waiting: LocatedTime | None = None
    for time in times:
        pair = waiting and _interval(text, waiting, time)
        if waiting and not pair:
            yield waiting
        waiting = pair or time
    if waiting:
        yield waiting


def _interval(text: str, low: LocatedTime, high: LocatedTime) -> LocatedTime | None:
    first, last = low.time.value, high.time.value
    if not first or not last or "." in first + last or not first[:10] < last[-10:]:
        return None
    link, before = text[low.end : high.start], text[max(0, low.start - _REACH) : low.start]
    dash = link in {"-", "–"}
    if not (
        dash
        or (_FROM.search(before) and _TO.fullmatch(link))
        or (_BETWEEN.search(before) and _AND.fullmatch(link))
    ):
        return None
    basis = max(low.time.basis, high.time.basis, key=lambda b: b is TimeBasis.PUBLISHED_AT)
    value = f"{first.split('/')[0]}/{last.split('/')[-1]}"
    return LocatedTime(
        low.start, high.end, Time(text=text[low.start : high.end], value=value, basis=basis)
    )


_LONGEST_LINE = 100
_LABEL = re.compile(
    r"\A\W*(?:(?:first |originally )?(?:published|posted|updated|created|issued|last updated)"
    r"(?: on| at)?|date)?\s*:?\s*",
    re.IGNORECASE,
)
_UPDATED = re.compile(r"\W+(?:last )?(?:updated|modified)\b.*\Z", re.IGNORECASE | re.DOTALL)
_ZONE = r"(?:UTC|GMT|BST|CET|CEST|EET|EEST|MSK|[ECMP][SD]?T|AE[SD]T|JST|SGT|HKT|SAST|Z)"
# Possessive: a long row of digits must not be tried in every way to cut it.
_ONLY_DATE = re.compile(
    rf"(?:{ANY_WEEKDAY}|{MONTH}|(?i:at|on|of|the|[ap]\.?m\b\.?)|{_ZONE}(?:[+-]\d{{1,2}}(?::?\d\d)?)?"
    r"|\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?|\d{1,4}(?:st|nd|rd|th)?|[-+/:.,|·•–—()\s])++"
)
_DAY_FIRST = re.compile(r"\b(\d{1,2})[/.](\d{1,2})[/.](?:19|20)\d\d\b")
_DOTTED_CLOCK = re.compile(r"\b(\d{1,2})\.([0-5]\d)(?=\s*(?:[ap]\.?m|,|[A-Z]{2,4}\b|\Z|[|·•–—-]))")


def date_line(line: str) -> datetime | None:
    """The date that ``line`` is, if it is a full date (and maybe a time) and nothing else.

    A label ("Published") and a later "Updated ..." are passed over. The result is naive unless the
    line names a time zone. None for "03/11/2016", where day and month could change places.
    """
    if len(line) > _LONGEST_LINE:
        return None
    words = _UPDATED.sub("", _LABEL.sub("", line.strip(), count=1))
    if not words or not _ONLY_DATE.fullmatch(words) or _ambiguous(words):
        return None
    import dateparser  # slow to import, and most texts have no date line to parse

    tidy = re.sub(r"\s[-–—|·•]\s|[|·•–—]", " ", _DOTTED_CLOCK.sub(r"\1:\2", words))
    moment = dateparser.parse(
        tidy,
        languages=["en"],
        settings={
            "RELATIVE_BASE": datetime.fromisoformat("2000-01-01"),  # never the clock
            "REQUIRE_PARTS": ["day", "month", "year"],
            "DATE_ORDER": "DMY",
        },
    )
    return _plain_zone(moment) if moment else None


def _ambiguous(words: str) -> bool:
    match = _DAY_FIRST.search(words)
    return bool(match) and max(int(match[1]), int(match[2])) <= 12 and match[1] != match[2]


def _plain_zone(moment: datetime) -> datetime:
    offset = moment.utcoffset()
    return moment if offset is None else moment.replace(tzinfo=timezone(offset))

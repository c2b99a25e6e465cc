"""The phrases English has for times, by the kind of word each begins with."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from extractor.normalise import readings
from extractor.normalise.days import (
    ANY_WEEKDAY,
    MONTH,
    MONTHS,
    NAMES,
    SEASON,
    WEEKDAY,
    WEEKDAY_NAMES,
)
from extractor.normalise.numbers import COUNT, DIGIT, GAP, SMALL, TENS
from extractor.normalise.readings import Frame
from extractor.normalise.vocabulary import listed
from extractor.patterns import any_of
from extractor.text import letters

_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?!\d)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:1[5-9]|20)\d\d)(?!\w|[.,]\d)"
_PART = rf"(?:{GAP}(?:morning|lunchtime|afternoon|evening|night))?\b"
_LAST_NEXT_THIS = rf"(?P<which>(?i:last|next|this)){GAP}"
_FEW = rf"an?{GAP}few|few|several|(?:an?{GAP})?couple{GAP}of"
_COUNT = rf"(?P<count>(?i:{COUNT}|{_FEW}|an?)|\d{{1,4}}){GAP}"
_UNIT = r"(?P<unit>(?i:minute|hour|day|week|fortnight|month|year|decade))s?\b"
_NTH = r"(?:(?P<nth>(?i:first|second|third|fourth|final))[-\s]quarter|Q(?P<q>[1-4]))\b(?!-)"
_TO = r"(?:\s?[-‐‑–]\s?|\sto\s)"

# A bare "May", "March", "2014" or "spring" is a time only where its neighbours say so.
_MID = r"(?i:\bmid-)"
_PREPOSITIONS = "in|since|until|till|by|from|to|during|before|after|between|through|late|early|mid"
_BEFORE_MONTH = rf"\b(?i:{_PREPOSITIONS}|of|for|and|the|around){GAP}|{_MID}"
_BEFORE_MAY = rf"\b(?i:in|since|until|till|during|through|late|early|mid|between){GAP}|{_MID}"
_BEFORE_YEAR = (
    rf"\b(?i:in|since|until|till|from|during|before|after|through|late|early|mid|the|election|season"
    rf"|copyright|year){GAP}|{_MID}|[(©]\s?|\d{{4}}[-–]"
)
_BEFORE_YEAR_OR_COUNT = rf"\b(?i:by|to|of|and|between){GAP}"
_BEFORE_SEASON = rf"\b(?i:in|since|until|till|before|after|by|during){GAP}the{GAP}"
_BEFORE_WEEKEND = rf"\b(?i:at|over|on|during|since|before|after){GAP}the{GAP}"
_COUNTED = (
    "people|men|women|children|troops|soldiers|civilians|homes|houses|jobs|families|others|km|miles"
)
# Days that are names, habits or newspapers: "Black Friday", "every Friday", "Sunday Times".
_NOT_A_NAME = "".join(
    f"(?<!{word} )"
    for word in listed(
        "Black Good Bloody Super Ash Palm Cyber Holy Sheffield Shrove Easter every Every each Each"
    )
)
_NOT_A_VERB = "".join(f"(?<!{word} )" for word in listed("to will would can could may might must"))
_NOT_A_PAPER = (
    rf"(?!{GAP}(?:Times|Mirror|Telegraph|Mail|Express|Post|Mercury|Herald|Tribune|Prayer)\b)"
)
_WITH_WEEKDAY = rf"{ANY_WEEKDAY},?{GAP}(?:the{GAP})?"
_DAY_MONTH = rf"(?:(?P<from>{_DAY}){_TO})?(?P<day>{_DAY})(?:{GAP}of)?{GAP}(?P<month>{MONTH})(?!\w)"
_MONTH_DAY = rf"(?P<month>{MONTH}){GAP}(?:(?P<from>{_DAY}){_TO})?(?P<day>{_DAY})"
_OF_YEAR = rf"(?:{GAP}(?P<of_year>last|this|next){GAP}year\b)?"
_NO_FIGURE = rf"(?!\w|[,.:]\d|\s?%|{GAP}(?:per{GAP}?cent|million|billion|thousand|a\.?m\b|p\.?m\b))"

Reading = Callable[[re.Match[str], Frame], str | None]


@dataclass(frozen=True)
class Phrase:
    """A pattern, its reading, and what must stand right ``before`` it, if anything.

    An ``explicit`` phrase means the same whenever it is read.
    """

    pattern: re.Pattern[str]
    read: Reading
    explicit: bool = False
    before: re.Pattern[str] | None = None


def _explicit(pattern: str, read: Reading, before: str = "") -> Phrase:
    return Phrase(re.compile(pattern), read, explicit=True, before=_ending(before))


def _relative(pattern: str, read: Reading, before: str = "") -> Phrase:
    return Phrase(re.compile(pattern), read, before=_ending(before))


def _ending(pattern: str) -> re.Pattern[str] | None:
    return re.compile(rf"(?:{pattern})\Z") if pattern else None


def _dates(pattern: str) -> tuple[Phrase, ...]:
    return (
        _explicit(rf"{pattern},?{GAP}{_YEAR}", readings.full_date),
        _relative(pattern + _NO_FIGURE + _OF_YEAR, readings.day_and_month),
    )


_AGO = _relative(rf"{_COUNT}{_UNIT}{GAP}(?P<way>ago|earlier|later|from{GAP}now)\b", readings.ago)
_SEASON = rf"(?P<season>{SEASON})"
_WEEKDAY = rf"(?P<weekday>{WEEKDAY}){_PART}"
_OF_WEEK = rf"(?:{GAP}(?:of{GAP})?(?P<week>last|this|next){GAP}week\b)?"
_BARE_YEAR = (
    rf"{_YEAR}(?:[-–/](?P<next>\d\d))?"
    rf"(?!\w|[-–/]\d\d?\b|\s?%|{GAP}(?:per{GAP}?cent|{_COUNTED})\b)"
)
_CALENDAR_UNIT = r"(?P<unit>week|month|quarter|year)\b"

PHRASES: dict[str, tuple[Phrase, ...]] = {
    "weekday": (
        *_dates(_WITH_WEEKDAY + _DAY_MONTH),
        *_dates(_WITH_WEEKDAY + _MONTH_DAY),
        _relative(rf"{_NOT_A_NAME}{_WEEKDAY}{_OF_WEEK}{_NOT_A_PAPER}", readings.weekday),
    ),
    "month": (
        *_dates(_MONTH_DAY),
        _explicit(rf"(?P<month>{MONTH})(?:,|{GAP}of)?{GAP}{_YEAR}", readings.month_of_year),
        _relative(rf"(?P<month>May|MAY)\b{_OF_YEAR}", readings.bare_month, _BEFORE_MAY),
        _relative(
            rf"(?P<month>(?!May\b|MAY\b){MONTH})(?!\w){_OF_YEAR}",
            readings.bare_month,
            _BEFORE_MONTH,
        ),
    ),
    "digit": (
        _explicit(r"\d{4}-\d\d-\d\d(?!\w|-)", readings.iso_date),
        _explicit(
            r"(?P<first>\d{1,2})([/.])(?P<second>\d{1,2})\2(?P<year>(?:19|20)\d\d)(?!\w|[./]\d)",
            readings.numeric_date,
        ),
        *_dates(_DAY_MONTH),
        _explicit(r"(?P<decade>(?:1[5-9]|20)\d)0s\b", readings.decade),
        _AGO,
        _explicit(_BARE_YEAR, readings.bare_year, _BEFORE_YEAR),
        _explicit(rf"{_BARE_YEAR}(?!{GAP}[a-z]+s\b)", readings.bare_year, _BEFORE_YEAR_OR_COUNT),
    ),
    "number": (_AGO,),
    "which": (
        _relative(rf"{_LAST_NEXT_THIS}(?P<month>{MONTH})(?!\w)", readings.bare_month),
        _relative(rf"{_LAST_NEXT_THIS}{_WEEKDAY}{_NOT_A_PAPER}", readings.weekday),
        _relative(rf"{_LAST_NEXT_THIS}{_SEASON}(?!-)", readings.bare_season),
        _relative(rf"{_LAST_NEXT_THIS}weekend\b", readings.weekend),
        _relative(r"(?P<near>(?i:last))\s(?:night|evening)\b", readings.near_day),
        _relative(
            r"(?P<near>(?i:this))\s(?:morning|lunchtime|afternoon|evening)\b", readings.near_day
        ),
        _relative(
            rf"(?<!the\s)(?<!The\s){_LAST_NEXT_THIS}{_CALENDAR_UNIT}(?!{GAP}of\b)",
            readings.calendar_unit,
        ),
        _relative(
            rf"{_NOT_A_VERB}(?P<which>(?i:past|last|next|coming)){GAP}{_COUNT}{_UNIT}",
            readings.stretch,
        ),
        _relative(rf"(?P<which>(?i:past|coming)){GAP}{_UNIT}(?<!s)", readings.stretch),
        _relative(
            rf"(?<=the\s)(?P<which>last|next){GAP}(?P<unit>week|month|year|decade)\b(?!{GAP}of\b)",
            readings.stretch,
        ),
        _relative(
            rf"(?P<which>(?i:recent|coming)){GAP}(?:hours|days|weeks|months|years)\b",
            readings.recent,
        ),
        _relative(
            rf"(?P<side>(?i:earlier|later)){GAP}(?:this|in{GAP}the){GAP}{_CALENDAR_UNIT}",
            readings.side_of_unit,
        ),
    ),
    "near": (
        _relative(
            rf"(?<!before\s)(?<!after\s)(?P<near>(?i:today|tonight|tomorrow|yesterday)){_PART}",
            readings.near_day,
        ),
        _relative("(?i:overnight)", readings.overnight),
    ),
    "season": (
        _explicit(rf"{_SEASON}(?:{GAP}of)?,?{GAP}{_YEAR}", readings.season_of_year),
        _relative(rf"{_SEASON}(?!-|{GAP}of\b)", readings.bare_season, _BEFORE_SEASON),
    ),
    "ordinal": (
        _explicit(rf"{_NTH}(?:{GAP}of)?,?{GAP}{_YEAR}", readings.quarter_of_year),
        _relative(rf"{_NTH}(?!{GAP}of{GAP}(?!(?:the|this){GAP}year\b))", readings.bare_quarter),
        _explicit(
            rf"(?P<nth>(?i:first|second)){GAP}half{GAP}of{GAP}{_YEAR}", readings.half_of_year
        ),
    ),
    "weekend": (_relative(r"weekend\b", readings.weekend, _BEFORE_WEEKEND),),
}

_WORDS = {
    "which": listed("last next this past coming recent earlier later"),
    "near": listed("today tonight tomorrow yesterday overnight"),
    "season": listed("spring summer autumn fall winter"),
    "weekend": ("weekend",),
    "ordinal": listed("first second third fourth final Q1 Q2 Q3 Q4"),
    "number": ("a", "an", "several", "few", "couple", *TENS, *SMALL),
}
_KINDS = {word.lower(): kind for kind, words in _WORDS.items() for word in words}
_ANY_CASE = any_of(spelt for word in _KINDS for spelt in (word, word.title(), word.upper()))
# The spellings are listed: ignoring case costs more than all the rest of the search.
START = re.compile(rf"(?<![\w$£€#@.,])(?:\d|(?:{_ANY_CASE}|{NAMES})\b)")
# A phrase has a digit, or one of these; one that begins with a number has a unit.
_UNITS = listed("minute hour day week fortnight month year decade")
_TIMELY = frozenset(
    word.lower()
    for word in (*_KINDS, *WEEKDAY_NAMES, *MONTHS, *_UNITS, *(f"{unit}s" for unit in _UNITS))
) - frozenset(_WORDS["number"])


def may_tell_a_time(words: str) -> bool:
    """False where no phrase can begin: most stretches of a text name no time."""
    return not _TIMELY.isdisjoint(letters(words)) or DIGIT.search(words) is not None


def phrases_from(word: str) -> tuple[Phrase, ...]:
    """The phrases that may begin with ``word``, a match of ``START``; the longest come first."""
    if word.isdecimal():
        return PHRASES["digit"]
    named = "weekday" if word.lower() in WEEKDAY_NAMES else "month"
    return PHRASES[_KINDS.get(word.lower(), named)]

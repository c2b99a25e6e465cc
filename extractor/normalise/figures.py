"""Numbers that count something, told from dates, names, scores and ordinals; ranges made one."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from extractor.normalise.comparators import lead
from extractor.normalise.days import MONTH, MONTHS
from extractor.normalise.numbers import GAP, SEP, Number, last_word, numbers
from extractor.normalise.units import mark_after, money_before
from extractor.normalise.vocabulary import NAMED, STOP_WORDS, TITLED, listed

_REACH = 24
_LINK_REACH = 16
_DASHES = frozenset("-‐‑–−")
_DASH = "[-‐‑–−]"
_HYPHENS = frozenset("-‐‑")
_MINUS = re.compile(r"(?:(?<!\S)[-−]|\b[Mm]inus\s)\Z")
_TO = re.compile(rf"{GAP}to{GAP}", re.IGNORECASE)
_AND = re.compile(rf"{GAP}and{GAP}", re.IGNORECASE)
_RANGE = re.compile(rf"[^\S\n]?{_DASH}[^\S\n]?|{GAP}(?:to|or){GAP}", re.IGNORECASE)
_RATIO = re.compile(rf"{GAP}(?:in|out{GAP}of)(?:{GAP}every)?{GAP}", re.IGNORECASE)
_CHANGE = re.compile(rf"(?<!ing )(?<!ed )(?<!ge )(?<!ges )(?<!where )\bfrom{GAP}\Z", re.IGNORECASE)
_SCORE_BEFORE = re.compile(r"\b(?:won|lost|beaten|drew|voted|ruled|split|led|leads?|trail\w*)\s\Z")
_SCORE_AFTER = re.compile(r"\s(?:win|victory|defeat|loss|draw|lead|vote|decision|ruling)\b")
_GLUED_BEFORE = re.compile(r"(?:[#@/\\_+\[]|\d[.,:·]|\d[^\S\n]|[^\W\d_]\.)\Z")
_ORDINALS = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
_ADJECTIVES = (
    "way|sided|off|faced|fold|tier|dimensional|pronged|handed|wheel|star|time|piece|part|figure"
    "|digit|letter|door"
)
_STREETS = "Street|Road|Rd|Lane|Avenue|Ave|Square|Drive|Place|Boulevard|Terrace|Crescent"
_NO_FIGURE_AFTER = re.compile(
    rf"[^\W_]|[/\\:.·,]\d|[^\S\n]\d|{GAP}?(?i:[ap]\.?m\b|o['’]clock)|@"
    rf"|(?:\s?(?:{_DASH}|to|and|or)\s?\d{{1,2}})?(?:{GAP}of)?{GAP}{MONTH}"
    rf"|[-‐‑](?i:{_ORDINALS}|{_ADJECTIVES})\b|(?:{GAP}[A-Z][\w’'-]+){{1,3}}{GAP}(?:{_STREETS})\b"
)
_LINE_START = re.compile(r"(?:\A|\n)[^\S\n]*[(\[]?\Z")
_LIST_AFTER = re.compile(r"[.)\]](?:\s|\Z)")
_YEAR = re.compile(r"1[5-9]\d\d|20\d\d")
_PLAIN = re.compile(r"\d{1,4}")
_OTHER_HALF = re.compile(
    rf"\b(?:first|second|other|better|latter|top|bottom|back|each){GAP}\Z", re.IGNORECASE
)
_NEXT_WORD = re.compile(rf"({SEP})([^\W\d_]+)")
_AFTER_FRACTION = frozenset(
    listed("point percentage more higher lower larger smaller bigger cheaper fewer")
)


class Figure(NamedTuple):
    """A number with the sign of money before it and the mark after it, ``[start, end)``.

    ``top`` is the upper end of a range, in the unit of ``value``; ``number`` is the last number of
    the figure.
    """

    start: int
    end: int
    number: Number
    value: float | None
    unit: str | None
    top: float | None = None

    @property
    def plain(self) -> bool:
        """Whether it is a bare number of one to four digits, which may be part of a name."""
        return _PLAIN.fullmatch(self.number.words) is not None

    @property
    def may_be_year(self) -> bool:
        """Whether it is a bare number between 1500 and 2099."""
        return self.unit is None and _YEAR.fullmatch(self.number.words) is not None


def figures(text: str, start: int, stop: int) -> Iterator[Figure]:
    """The figures between ``start`` and ``stop``; "40 to 55" and "one in seven" are one each."""
    waiting, floor = None, start
    for figure in _singles(text, start, stop):
        if waiting is None:
            waiting = figure
        elif _is_score(text, waiting, figure):
            waiting = None
        elif pair := _pair(text, waiting, figure, floor):
            yield pair
            floor, waiting = figure.end, None
        else:
            yield waiting
            floor, waiting = waiting.end, figure
    if waiting:
        yield waiting


def _singles(text: str, start: int, stop: int) -> Iterator[Figure]:
    last, was_name = start, False
    for number in numbers(text, start, stop):
        figure = _figure(text, number, last, stop)
        joined = _RANGE.fullmatch(text, last, figure.start) is not None
        was_name = (joined and was_name) or _is_name(text, figure, joined)
        if not was_name:
            yield figure
        last = figure.end


def _figure(text: str, number: Number, floor: int, stop: int) -> Figure:
    start, code = money_before(text, floor, number.start) or (number.start, None)
    mark = mark_after(text, number.end, stop)
    end = mark.end if mark else number.end
    unit = code or (mark.name if mark else None)
    minus = _MINUS.search(text, max(floor, start - len("minus ")), start)
    if minus and number.value and (mark or len(minus[0]) > 1):
        return Figure(minus.start(), end, number, -number.value, unit)
    return Figure(start, end, number, number.value, unit)


def _is_name(text: str, figure: Figure, joined: bool) -> bool:
    """Whether the number names something (a date, a model, a street) or is part of a word."""
    before = text[max(0, figure.start - _REACH) : figure.start]
    after = text[figure.end : figure.end + _REACH]
    if _GLUED_BEFORE.search(before[-2:]) or _NO_FIGURE_AFTER.match(after):
        return True
    if before[-1:] in _HYPHENS and before[-2:-1].isalpha() and not joined:
        return True
    if _follows_name(before) or (_LIST_AFTER.match(after) and _LINE_START.search(before)):
        return True
    if figure.number.kind == "fraction":
        return not _is_fraction(figure.number, before, after)
    return figure.number.words[0] in "0٠" and figure.number.words[1:2].isdecimal()


def _follows_name(before: str) -> bool:
    """Whether the last word before a number makes it a name or a date: "Pier 9", "May 8"."""
    word = last_word(before).lstrip("(“‘\"'").rstrip(".")
    if not before[-1:].isspace() or not word:
        return False
    low = word.lower()
    return low in NAMED or word in TITLED or (word[0].isupper() and low in MONTHS)


def _is_fraction(number: Number, before: str, after: str) -> bool:
    """False for "a third explosion", "the second half", "two quarters"."""
    spelt = number.words.lower()
    if _OTHER_HALF.search(before) or (number.value or 0) >= 1:
        return False
    if spelt.endswith("s"):
        return "quarter" not in spelt or spelt.startswith("three")
    following = _NEXT_WORD.match(after)
    if not following:
        return True
    hyphen, word = following[1].strip(), following[2].lower()
    return word in _AFTER_FRACTION or (not hyphen and word in STOP_WORDS)


def _is_score(text: str, low: Figure, high: Figure) -> bool:
    """Whether a dash means no range: "8-4", "2016-17", "lost 1-3", "a 1-3 defeat"."""
    if low.unit or text[low.end : high.start] not in _DASHES or not (low.plain and high.plain):
        return False
    if _SCORE_BEFORE.search(text, max(0, low.start - _REACH), low.start):
        return True
    falls = (low.value or 0) >= (high.value or 0)
    return falls or _SCORE_AFTER.match(text, high.end) is not None


def _pair(text: str, low: Figure, high: Figure, floor: int) -> Figure | None:
    if high.start - low.end > _LINK_REACH or not _same_kind(low, high):
        return None
    if low.value is None or high.value is None:
        return None
    if low.unit is None and _RATIO.fullmatch(text, low.end, high.start):
        return _ratio(low, high)
    bottom = _shared_scale(low, high)
    if bottom >= high.value or not _is_linked(text, low, high, floor):
        return None
    unit = high.unit or low.unit
    return high._replace(start=low.start, value=bottom, top=high.value, unit=unit)


def _same_kind(low: Figure, high: Figure) -> bool:
    """False for "1.4 per cent to 8.62": a mark stands after the last figure, or after both."""
    if low.end > low.number.end and high.unit is None:
        return False
    return low.unit is None or high.unit in {None, low.unit}


def _is_linked(text: str, low: Figure, high: Figure, floor: int) -> bool:
    """Whether the words make two figures a range; "from 5 to 7" is a change."""
    words_before = lead(text, floor, low.start)
    if words_before and words_before[0].startswith("between"):
        return _AND.fullmatch(text, low.end, high.start) is not None
    before = text[max(floor, low.start - _REACH) : low.start]
    if _TO.fullmatch(text, low.end, high.start) and _CHANGE.search(before):
        return False
    return _RANGE.fullmatch(text, low.end, high.start) is not None


def _shared_scale(low: Figure, high: Figure) -> float:
    """The low end, in millions if "2 to 3 million" says so of the high end alone."""
    value, scale = low.value or 0.0, high.number.scale
    scaled = value * scale if low.number.scale == 1.0 else value
    return scaled if scaled <= (high.value or 0.0) else value


def _ratio(low: Figure, high: Figure) -> Figure | None:
    share = (low.value or 0) / high.value if high.value else 1.0
    if share >= 1 or high.may_be_year or not (low.value == 1 or high.value in {10.0, 100.0}):
        return None
    number = high.number._replace(kind="fraction")
    return high._replace(start=low.start, number=number, value=share)

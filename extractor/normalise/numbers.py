"""Numbers as English writes them: digits, words, scales, fractions, and words for "many"."""

import math
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from extractor.normalise.vocabulary import listed
from extractor.patterns import any_of
from extractor.text import letters

# White space inside a phrase: a line may be wrapped, but a blank line ends the paragraph.
GAP = r"(?:[^\S\n]+|\n)"
SEP = rf"(?:{GAP}|[-‐‑])"
_GROUP = "[,٬\u00a0\u2009\u202f]"
DIGITS = rf"(?:\d{{1,3}}(?:{_GROUP}\d{{2,3}})*{_GROUP}\d{{3}}(?!\d)|\d+)(?:[.·٫]\d+)?"
VULGAR = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞"

_UNITS = listed("zero one two three four five six seven eight nine ten eleven twelve thirteen")
_TEENS = listed("fourteen fifteen sixteen seventeen eighteen nineteen")
_TENS = listed("twenty thirty forty fifty sixty seventy eighty ninety")
SMALL = {word: float(i) for i, word in enumerate((*_UNITS, *_TEENS))}
TENS = {word: 10.0 * i for i, word in enumerate(_TENS, 2)}
SCALES = {
    "dozen": 12.0,
    "hundred": 1e2,
    "thousand": 1e3,
    "lakh": 1e5,
    "million": 1e6,
    "crore": 1e7,
    "billion": 1e9,
    "trillion": 1e12,
}
SUFFIXES = {
    "k": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "mln": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "tn": 1e12,
    "trn": 1e12,
}
PARTS = {
    "half": 2.0,
    "third": 3.0,
    "quarter": 4.0,
    "fifth": 5.0,
    "sixth": 6.0,
    "seventh": 7.0,
    "eighth": 8.0,
    "ninth": 9.0,
    "tenth": 10.0,
    "twentieth": 20.0,
    "hundredth": 100.0,
}


COUNT = rf"(?:{any_of(TENS)}(?:[-‐‑ \u00a0]{any_of(_UNITS[1:10])})?|{any_of(SMALL)})\b"
SCALE = rf"{any_of(SCALES)}\b"
_HALF_MORE = rf"(?:{SEP}and{SEP}a{SEP}half\b)?"
_TAIL = (
    rf"(?:(?:(?<=hundred)|(?<=thousand)){GAP}and{GAP}{COUNT}(?:{SEP}{SCALE})*"
    rf"|(?<=hundred){GAP}{COUNT}(?:{SEP}{SCALE})*|{GAP}{COUNT}(?:{SEP}{SCALE})+)"
)
_SCALED = (
    rf"(?:half{SEP}(?:an?{SEP})?{SCALE}|an?{SEP}{SCALE}|{COUNT}{_HALF_MORE}{SEP}{SCALE})"
    rf"(?:{SEP}{SCALE})*{_TAIL}*"
)
# "38m" is millions, "a 100m sprint" is not.
_METRES = (
    "deep|tall|high|wide|long|away|races?|finals?|sprint|dash|hurdles|relay|freestyle|butterfly"
    "|pool"
)
_DIGITS = (
    rf"(?:{DIGITS}[{VULGAR}]?|[{VULGAR}])"
    rf"(?:{_HALF_MORE}(?:{SEP}?{SCALE})+|{any_of(SUFFIXES)}\b(?!{SEP}(?:{_METRES})\b)|{_HALF_MORE})"
)
# "twenty-third" is an ordinal, "twenty thirds" a fraction: more than one part needs the plural.
_FRACTION = (
    rf"(?:(?:an?|one){SEP}{any_of(PARTS)}|{COUNT}{SEP}(?:halves|{any_of(PARTS)}s)|half"
    r"|quarter(?=-point))\b"
)
_MANY = listed("hundreds thousands dozens millions billions trillions")
_VAGUE = (
    rf"(?:(?:tens|scores)(?={GAP}of\b)|{any_of(_MANY)})\b"
    rf"(?:{GAP}of{GAP}(?:hundreds|thousands|millions|billions)\b)?"
    rf"|(?:several|an?{GAP}few)\b(?:{GAP}{SCALE})*|an?{GAP}(?:handful|couple)(?={GAP}of\b)"
)
_NUMBER = re.compile(
    rf"(?P<digits>{_DIGITS})|(?P<scaled>{_SCALED})|(?P<fraction>{_FRACTION})"
    rf"|(?P<words>{COUNT}{_HALF_MORE})|(?P<vague>{_VAGUE})",
    re.IGNORECASE,
)
_FIRST = (*TENS, *SMALL, *_MANY, *listed("a an half quarter tens scores several"))
_SPELT = any_of(spelt for w in _FIRST for spelt in (w, w.title(), w.upper()))
# The spellings are listed: ignoring case costs more than all the rest of the search.
_START = re.compile(rf"(?<!\w)(?:[\d{VULGAR}]|{_SPELT}\b)")
# Every number has a digit or one of these words; most stretches of a text have neither.
_COUNTING = frozenset((*_FIRST, *SCALES, *PARTS, "few", "handful", "couple")) - {"a", "an"}
DIGIT = re.compile(r"\d")
_FIGURE = re.compile(rf"[\d{VULGAR}]")
_PIECE = re.compile(rf"{DIGITS}|[{VULGAR}]|[^\W\d_]+")
_POINTS = {ord(c): "" for c in ",٬\u00a0\u2009\u202f"} | {ord("·"): ".", ord("٫"): "."}


class Number(NamedTuple):
    """A number in a text: ``[start, end)`` in code points.

    ``value`` is null for a vague one ("hundreds"); ``scale`` is the multiplier its last word is
    (1e6 in "1.5 million", else 1). ``kind`` is digits, scaled ("a dozen"), fraction, words (up to
    ninety-nine) or vague.
    """

    start: int
    end: int
    words: str
    kind: str
    value: float | None
    scale: float


def numbers(text: str, start: int = 0, end: int | None = None) -> Iterator[Number]:
    """Every number between ``start`` and ``end``, from left to right, never overlapping.

    Whether it counts anything is not decided here: years, dates and model numbers come too.
    """
    stop = len(text) if end is None else end
    done = start
    for first in _START.finditer(text, start, stop):
        match = _NUMBER.match(text, first.start(), stop) if first.start() >= done else None
        if match:
            done = match.end()
            yield Number(*match.span(), match.group(), *_read(match.group(), match.lastgroup or ""))


def may_count(words: str) -> bool:
    """False where no number can begin: most stretches of a text count nothing."""
    return not _COUNTING.isdisjoint(letters(words)) or _FIGURE.search(words) is not None


@lru_cache(maxsize=4096)
def _read(words: str, kind: str) -> tuple[str, float | None, float]:
    if kind == "vague":
        return kind, None, 1.0
    if kind == "fraction":
        return kind, fraction_value(words), 1.0
    last = _PIECE.findall(words.lower())[-1]
    return kind, number_value(words), SCALES.get(last) or SUFFIXES.get(last) or 1.0


def fraction_value(words: str) -> float:
    """The value of a fraction in words: "two-thirds", "half", "a quarter"."""
    *count, part = re.split(SEP, words.lower())
    share = PARTS["half" if part == "halves" else part.removesuffix("s")]
    return (number_value(" ".join(count)) or 1.0) / share


def number_value(words: str) -> float | None:
    """The value of a number in digits or words, scale words and all; null if out of reach.

    "7,500" → 7500, "2.4bn" → 2.4e9, "two and a half million" → 2.5e6, "a dozen" → 12.
    """
    total = current = 0.0
    for piece in _PIECE.findall(words.lower()):
        scale = SCALES.get(piece) or SUFFIXES.get(piece)
        if piece == "hundred" or (scale == SCALES["dozen"] and current):
            current = (current or 1.0) * (scale or 1.0)
        elif scale:
            total, current = _scaled(total, current, scale)
        else:
            current += _plain(piece)
    return total + current if math.isfinite(total + current) else None


def _scaled(total: float, current: float, scale: float) -> tuple[float, float]:
    """Apply a scale word: "two thousand million" multiplies what stands before it."""
    if current == 0.0 and total:
        return total * scale, 0.0
    return total + (current or 1.0) * scale, 0.0


def _plain(piece: str) -> float:
    if piece[0].isdecimal() or piece in VULGAR:
        whole = piece.rstrip(VULGAR)
        part = sum(unicodedata.numeric(c) for c in piece[len(whole) :])
        return float(whole.translate(_POINTS) or 0) + part
    if piece == "half":
        return 0.5
    return SMALL.get(piece, 0.0) + TENS.get(piece, 0.0)


def plain_digits(words: str) -> str:
    """Digits without separators or idle zeros, any script folded: "٧٬٥٠٠" → "7500"."""
    whole, _, decimals = "".join(_ascii(c) for c in words.translate(_POINTS)).partition(".")
    decimals = decimals.rstrip("0")
    return (whole.lstrip("0") or "0") + (f".{decimals}" if decimals else "")


def _ascii(char: str) -> str:
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


def digits_of(text: str) -> tuple[str, ...]:
    """The digit strings of ``text`` in order, as ``plain_digits`` gives them.

    "7,500 of 1.50 million" → ("7500", "1.5"). Scale words and number words are left out.
    """
    return tuple(plain_digits(m) for m in re.findall(DIGITS, text))


def last_word(before: str) -> str:
    """The last word of ``before``, or "": looking at it first spares most searches."""
    words = before.split()
    return words[-1] if words else ""

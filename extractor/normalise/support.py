"""Whether the figures of a statement stand in its evidence."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from extractor.normalise.numbers import DIGITS, Number, may_count, number_value, numbers
from extractor.normalise.units import mark_after, money_before
from extractor.normalise.vocabulary import listed

_ORDINAL_WORDS = listed(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
)
_ORDINALS = {word: float(i) for i, word in enumerate(_ORDINAL_WORDS, 1)}
_ORDINAL_WORD = re.compile(rf"\b(?:{'|'.join(_ORDINALS)})\b", re.IGNORECASE)
_ORDINAL_END = re.compile(r"(?:st|nd|rd|th)\b", re.IGNORECASE)
_RANGE = re.compile(r"\s?[-‐‑–−]\s?|\s(?:to|and|or)\s", re.IGNORECASE)
_SINGLE = re.compile(r"\b(?:an?|one|1|single)\b", re.IGNORECASE)
_DIGITS = re.compile(DIGITS)
_GLUED = re.compile(r"\d(?<=[^\W\d]\d)")
_LOOSE = frozenset({"several", "a few", "a handful", "a couple"})


class _Figure(NamedTuple):
    """A figure as written; ``mark`` is its currency, measure or kind of percentage, if any."""

    words: str
    value: float | str | None
    mark: str | None
    ordinal: bool = False


def unsupported_digits(statement: str, evidence: str) -> tuple[str, ...]:
    """The figures of ``statement``, as written, that ``evidence`` does not hold.

    Figures agree in value and kind, not in spelling: "7500" is "7,500", "two" is "2", "%" is
    "per cent"; "1.5 billion" is not "1.5 million", "5" is not in "1.5", "£5m" is not "$5m". A mark
    may be understood from a neighbour ("from 3 to 5 per cent"). Words like "several" are ignored.
    """
    wanted = _figures(statement)
    held = _figures(evidence) if wanted else ()
    marks = {f.mark for f in held}, {f.mark for f in wanted}
    missing = (
        f.words
        for f in wanted
        if not any(_agree(f, h, *marks) for h in held) and not _spelt(f, evidence)
    )
    return tuple(dict.fromkeys(missing))


def _agree(
    wanted: _Figure, held: _Figure, near_held: set[str | None], near: set[str | None]
) -> bool:
    if wanted.value != held.value:
        return False
    if wanted.mark is None:
        return held.mark is None or held.mark in near
    return held.mark == wanted.mark or (held.mark is None and wanted.mark in near_held)


def _spelt(figure: _Figure, evidence: str) -> bool:
    """Whether the evidence says "ninth" for "9th", or "a soldier" for "one soldier"."""
    if figure.ordinal:
        words = _ORDINAL_WORD.findall(evidence)
        return figure.value in {_ORDINALS[word.lower()] for word in words}
    return figure.words.lower() == "one" and bool(_SINGLE.search(evidence))


@lru_cache(maxsize=256)
def _figures(text: str) -> tuple[_Figure, ...]:
    if not may_count(text):
        return ()
    found = [n for n in numbers(text) if n.words.lower() not in _LOOSE]
    marks = [_mark(text, n) for n in found]
    for i, (low, high) in enumerate(pairwise(found)):
        if marks[i] is None and _RANGE.fullmatch(text, low.end, high.start):
            marks[i] = marks[i + 1]
    figures = (_figure(text, number, mark) for number, mark in zip(found, marks, strict=True))
    return (*figures, *_inside_words(text, found))


def _figure(text: str, number: Number, mark: str | None) -> _Figure:
    ordinal = _ORDINAL_END.match(text, number.end) is not None
    value = number.words.lower() if number.value is None else round(number.value, 9)
    return _Figure(number.words, value, mark, ordinal)


def _mark(text: str, number: Number) -> str | None:
    money = money_before(text, 0, number.start)
    after = mark_after(text, number.end, len(text))
    return money[1] if money else after.name if after else None


def _inside_words(text: str, found: list[Number]) -> Iterator[_Figure]:
    """The digits that are part of a name: "MH370", "#Mosul2016"."""
    if not _GLUED.search(text):
        return
    for match in _DIGITS.finditer(text):
        if not any(n.start <= match.start() < n.end for n in found):
            yield _Figure(match.group(), number_value(match.group()), None)

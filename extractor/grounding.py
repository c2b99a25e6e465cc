"""Finding a model's words in the article: exact after typographic folding, never fuzzy."""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from extractor.text import fold
from schemas import Span


class Miss(StrEnum):
    """Why words could not be placed."""

    EMPTY = "empty"
    ABSENT = "not in the evidence"


class Stretch(NamedTuple):
    """Words of the article by their place, as in a ``Span``, which costs more: it checks itself."""

    start: int
    end: int
    text: str


def span_of(text: str, start: int, end: int) -> Span:
    """The span ``[start, end)`` of ``text``, offsets in code points."""
    return Span(start=start, end=end, text=text[start:end])


def stretch_of(text: str, start: int, end: int) -> Stretch:
    """The stretch ``[start, end)`` of ``text``, offsets in code points."""
    return Stretch(start, end, text[start:end])


def occurrences(text: str, words: str) -> Iterator[tuple[int, int]]:
    """Offsets of every place where ``words`` stand as whole words, from left to right."""
    folded, needle = fold(text), fold(words.strip()).text.strip()
    at = folded.text.find(needle) if needle else -1
    while at >= 0:
        if _whole_words(folded.text, at, at + len(needle)):
            yield folded.back(at, at + len(needle))
        at = folded.text.find(needle, at + 1)


def _whole_words(text: str, start: int, end: int) -> bool:
    """False where the stretch begins or ends inside a word or a number.

    "5" is not in "5,000", nor "500" in "1.500": a cut figure is another figure.
    """
    return not (_joined(text, start) or _joined(text, end))


def _joined(text: str, at: int) -> bool:
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if before.isalnum() and after.isalnum():
        return True
    if before.isdigit() and after in ".,":
        return text[at + 1 : at + 2].isdigit()
    return after.isdigit() and before in ".," and text[at - 2 : at - 1].isdigit()

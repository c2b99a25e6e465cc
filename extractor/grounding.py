"""Finding a model's words in the article: exact after typographic folding, never fuzzy."""

from bisect import bisect_left
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from extractor.text import Folded, fold
from schemas import Span


class Miss(StrEnum):
    """Why words could not be placed."""

    EMPTY = "empty"
    ABSENT = "not in the article"
    AMBIGUOUS = "in several places, none of them cited"


class Stretch(NamedTuple):
    """Words of the article by their place, as in a ``Span``, which costs more: it checks itself."""

    start: int
    end: int
    text: str


class Located(NamedTuple):
    """Where words stand, or the reason why they stand nowhere."""

    span: Stretch | None
    miss: Miss | None = None


NOWHERE = Located(None, Miss.EMPTY)


def span_of(text: str, start: int, end: int) -> Span:
    """The span ``[start, end)`` of ``text``, offsets in code points."""
    return Span(start=start, end=end, text=text[start:end])


def stretch_of(text: str, start: int, end: int) -> Stretch:
    """The stretch ``[start, end)`` of ``text``, offsets in code points."""
    return Stretch(start, end, text[start:end])


def occurrences(text: str, words: str) -> Iterator[tuple[int, int]]:
    """Offsets of every place where ``words`` stand as whole words, from left to right."""
    return _hits(fold(text), _needle(words), 0, len(text))


def _needle(words: str) -> str:
    return fold(words.strip()).text.strip()


def _hits(folded: Folded, needle: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where ``needle`` stands between two offsets of the original, in the original's offsets."""
    at, stop = bisect_left(folded.origin, start), bisect_left(folded.origin, end)
    at = folded.text.find(needle, at, stop) if needle else -1
    while at >= 0:
        if _whole_words(folded.text, at, at + len(needle)):
            yield folded.back(at, at + len(needle))
        at = folded.text.find(needle, at + 1, stop)


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


def locate(text: str, words: str, cited: tuple[Span, ...]) -> Located:
    """Place ``words`` in ``text``, preferring the ``cited`` sentences.

    Several hits: the first inside the cited sentences; if none is cited and there are several, the
    words are ambiguous.
    """
    folded, needle = fold(text), _needle(words)
    if not needle:
        return NOWHERE
    for span in cited:
        if hit := next(_hits(folded, needle, span.start, span.end), None):
            return Located(stretch_of(text, *hit))
    hits = list(islice(_hits(folded, needle, 0, len(text)), 2))
    if len(hits) == 1:
        return Located(stretch_of(text, *hits[0]))
    return Located(None, Miss.AMBIGUOUS if hits else Miss.ABSENT)

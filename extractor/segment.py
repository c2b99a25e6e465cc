"""An article's text as numbered sentences with their zones, offsets kept."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sentencex  # pyright: ignore[reportMissingTypeStubs]

from extractor.edges import Bounds
from extractor.grounding import Stretch, span_of, stretch_of
from extractor.normalise.time import date_line
from extractor.zones import TERMINAL, zones
from schemas import Span, Zone

LINE = re.compile(r"[^\r\n\u2028\u2029\x0b\x0c]+")
WRAP_WIDTHS = range(50, 101)
SENTENCE_LIMIT = 2_000
SILENT = frozenset({Zone.BOILERPLATE, Zone.BYLINE, Zone.SUBHEADING})


@dataclass(frozen=True)
class Sentence:
    """One sentence. ``number`` counts from 1; ``paragraph`` from 0."""

    number: int
    paragraph: int
    span: Span
    zone: Zone

    @property
    def can_claim(self) -> bool:
        """Whether a claim may rest on this sentence."""
        return self.zone not in SILENT and len(self.span.text.split(None, 1)) > 1


@dataclass(frozen=True, eq=False)
class Document:
    """A text and its sentences; ``date`` is what the text's own date line says, if it has one."""

    text: str
    sentences: tuple[Sentence, ...]
    date: datetime | None


@lru_cache(maxsize=8)
def segment(text: str, language: str = "en") -> Document:
    """Split ``text`` into zones and sentences. Offsets are code points into ``text``."""
    spans = tuple(_paragraphs(text))
    dates = tuple(date_line(s.text) if len(s.text) < 80 else None for s in spans)
    kinds = zones(tuple(s.text for s in spans), tuple(d is not None for d in dates))
    sentences: list[Sentence] = []
    for index, (paragraph, zone) in enumerate(zip(spans, kinds, strict=True)):
        for span in _sentences(text, paragraph, language):
            sentences.append(Sentence(len(sentences) + 1, index, span, zone))
    return Document(text, tuple(sentences), next((d for d in dates if d), None))


def _paragraphs(text: str) -> Iterator[Stretch]:
    """Lines are paragraphs, except where a block is wrapped at a column."""
    for block in _blocks(text):
        if _is_wrapped(block):
            yield stretch_of(text, block[0].start, block[-1].end)
        else:
            yield from block


def _blocks(text: str) -> Iterator[list[Stretch]]:
    block: list[Stretch] = []
    for match in LINE.finditer(text):
        line = _stripped(text, match.start(), match.end())
        gap = text[block[-1].end : match.start()] if block else ""
        if block and (line is None or gap.count("\n") > 1):
            yield block
            block = []
        if line:
            block.append(stretch_of(text, *line))
    if block:
        yield block


def _stripped(text: str, start: int, end: int) -> Bounds | None:
    words = text[start:end]
    left = len(words) - len(words.lstrip())
    stop = start + len(words.rstrip())
    return (start + left, stop) if start + left < stop else None


def _is_wrapped(block: list[Stretch]) -> bool:
    if len(block) < 3:
        return False
    inner = block[:-1]
    filled = all(len(line.text) in WRAP_WIDTHS for line in inner)
    running_on = sum(not TERMINAL.search(line.text) for line in inner)
    return filled and running_on * 2 >= len(inner)


def _sentences(text: str, paragraph: Stretch, language: str) -> Iterator[Span]:
    """Sentences of a paragraph, trimmed; a run of text without an end is cut at white space."""
    for first, last in _boundaries(paragraph.text, language):
        start, end = paragraph.start + first, paragraph.start + last
        while start < end:
            stop = _cut(text, start, end)
            if sentence := _stripped(text, start, stop):
                yield span_of(text, *sentence)
            start = stop


def _boundaries(text: str, language: str) -> Iterator[tuple[int, int]]:
    splitter: Any = sentencex  # it ships no types
    for found in splitter.get_sentence_boundaries(language, text):
        yield int(found["start_index"]), int(found["end_index"])


def _cut(text: str, start: int, end: int) -> int:
    if end - start <= SENTENCE_LIMIT:
        return end
    at = text.rfind(" ", start + 1, start + SENTENCE_LIMIT)
    return at if at > start else start + SENTENCE_LIMIT

"""Tellers over a whole document: quotes that run on, and pronouns that stand for a name."""

from collections.abc import Iterator
from functools import lru_cache

from extractor.edges import Bounds
from extractor.rules.attribution import Passage, passages
from extractor.rules.lexicon import PRONOUN, can_be, kind_of
from extractor.rules.quotes import find_quotes
from extractor.rules.tellers import people, resolve
from extractor.segment import Document, Sentence
from schemas import Source

Told = tuple[tuple[Passage, ...], ...]


@lru_cache(maxsize=8)
def told(document: Document) -> Told:
    """The passages of every sentence of ``document``, in its order; empty where none can claim."""
    text = document.text
    split = [
        passages(text, s.span.start, s.span.end) if s.can_claim else () for s in document.sentences
    ]
    return tuple(_named(document, _carried(document, split)))


def _carried(document: Document, split: list[tuple[Passage, ...]]) -> list[tuple[Passage, ...]]:
    """Give each quoted sentence without a teller the teller of its paragraph, or the one before."""
    carried = list(split)
    for i, sentence in enumerate(document.sentences):
        if not split[i] or any(p.sources for p in split[i]):
            continue
        if not is_quoted(document, sentence):
            continue
        if sources := _nearest(document, carried, i):
            carried[i] = tuple(p._replace(sources=sources) for p in split[i])
    return carried


def _nearest(
    document: Document, split: list[tuple[Passage, ...]], at: int
) -> tuple[Source, ...] | None:
    sentences = document.sentences
    own = sentences[at].paragraph
    before = [i for i in range(at - 1, -1, -1) if sentences[i].paragraph >= own - 1]
    behind = [i for i in range(at + 1, len(sentences)) if sentences[i].paragraph == own]
    for i in [*before, *behind]:
        if sources := next((p.sources for p in reversed(split[i]) if p.sources), None):
            return sources
    return None


@lru_cache(maxsize=8)
def _paragraphs(document: Document) -> dict[int, Bounds]:
    """From the first to the last sentence of each paragraph, by its number."""
    found: dict[int, Bounds] = {}
    for sentence in document.sentences:
        start, _ = found.get(sentence.paragraph, (sentence.span.start, 0))
        found[sentence.paragraph] = start, sentence.span.end
    return found


def is_quoted(document: Document, sentence: Sentence) -> bool:
    """Whether most of the sentence stands inside quotation marks opened in its paragraph."""
    quotes = find_quotes(document.text, *_paragraphs(document)[sentence.paragraph])
    span = sentence.span
    inside = sum(max(0, min(q.end, span.end) - max(q.start, span.start)) for q in quotes)
    return inside * 10 >= len(span.text) * 7


def _named(document: Document, split: list[tuple[Passage, ...]]) -> Iterator[tuple[Passage, ...]]:
    heard: dict[str, None] = {}
    for group in split:
        resolved = [_resolved(document.text, p, tuple(heard)) if p.sources else p for p in group]
        for passage in resolved:
            heard.update(dict.fromkeys(s.name for s in _speaking(passage)))
        yield tuple(resolved)


def _speaking(passage: Passage) -> tuple[Source, ...]:
    """Who may go on speaking: whom a teller has quoted does not."""
    return passage.sources[:1]


def _resolved(text: str, passage: Passage, heard: tuple[str, ...]) -> Passage:
    sources = list(passage.sources)
    for i, source in enumerate(sources):
        if PRONOUN.match(source.name):
            known = tuple(s.name for s in sources[:i]) or heard
            able = [n for n in known if can_be(source.name, n)]
            name = resolve(source.name, text[: passage.start], able, people(text))
            sources[i] = Source(name=name, kind=kind_of(name), cue=source.cue)
    return passage._replace(sources=_without_echo(sources))


def _without_echo(sources: list[Source]) -> tuple[Source, ...]:
    """One teller, not a chain of two, in "Ann said … she added"."""
    kept: list[Source] = []
    for source in sources:
        if not kept or source.name != kept[-1].name:
            kept.append(source)
    return tuple(kept)

"""Where the pieces of a claim stand in its sentences, and how they read in a row."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from extractor.edges import Bounds
from extractor.grounding import Miss, locate, occurrences, span_of
from extractor.normalise.comparators import lead
from extractor.normalise.numbers import numbers
from extractor.segment import Sentence
from extractor.text import fold
from schemas import Span

SUBJECT, VERB, OBJECT = 0, 1, 2
BRACKETS = re.compile(r"\s*\[([^\[\]]*)\]")
NAMED = re.compile(
    r"\b(?P<pronoun>(?:him|her|it|them|our|your)sel(?:f|ves)|he|she|it|they|him|them|we|us|I|me|you"
    r"|who|whom|which|that|this|these|those|one|(?P<own>his|its|their|our|my|your|whose)|her)"
    r"\s*\[(?P<name>[^\[\]]+)\]",
    re.IGNORECASE,
)
OWNED = re.compile(r"['’]s?$")
OPENER = re.compile(
    r"(?:After|Also|And|As|At|Before|But|By|During|Earlier|For|From|In|Last|Late|Of|On|Over|Since"
    r"|So|Then|There|To|Until|When|While|With|[A-Z][a-z]+ly)\b"
)
ASIDE = re.compile(r"[,;:()“”\"—–]")
GAP = r"\W+(?:\w+\W+){0,3}?"  # helpers and adverbs between the words of a verb


@dataclass(frozen=True)
class Part:
    """A piece that was found: where it stands, and how it reads with its pronouns named."""

    span: Span
    reads: str


def place(text: str, cited: Sequence[Sentence], words: Sequence[str]) -> tuple[Part | Miss, ...]:
    """Each of ``words`` where it stands in the cited sentences, or why it cannot be placed.

    Of several places the one nearest to the verb counts. A subject alone may stand elsewhere in
    the article, if it stands there once.
    """
    said = tuple(_unnamed(cited, piece) for piece in words)
    places = [_places(cited, piece) for piece in said]
    places[VERB] = places[VERB] or list(_verbs(cited, said[VERB]))
    chosen = _nearest(places)
    found = [
        _part(text, bounds, piece, raw)
        for bounds, piece, raw in zip(chosen, said, words, strict=True)
    ]
    if isinstance(found[SUBJECT], Miss) and said[SUBJECT]:
        found[SUBJECT] = _elsewhere(text, said[SUBJECT], cited)
    return tuple(_bounded(text, cited, found))


def in_a_row(parts: Sequence[Part], cited: Sequence[Sentence]) -> str:
    """The parts as they read one after the other; what an earlier part holds is not said twice."""
    starts = {sentence.span.start for sentence in cited}
    said = ""
    for at, part in enumerate(parts):
        if any(_holds(earlier.span, part.span) for earlier in parts[:at]):
            continue
        opens = at and part.span.start in starts and OPENER.match(part.reads)
        touches = at and part.span.start == parts[at - 1].span.end  # the "’s" of "it’s"
        reads = part.reads[:1].lower() + part.reads[1:] if opens else part.reads
        said += reads if touches or not at else f" {reads}"
    return said


def reach(parts: Sequence[Part], cited: Sequence[Sentence]) -> tuple[Bounds, ...]:
    """The stretches of the cited sentences that the parts take up, in order, joined at spaces."""
    inside = [p.span for p in parts if any(_holds(s.span, p.span) for s in cited)]
    joined: list[Bounds] = []
    for span in sorted(inside, key=lambda s: s.start):
        if joined and span.start <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], span.end))
        else:
            joined.append((span.start, span.end))
    return tuple(joined)


def names_in(words: str) -> Iterator[str]:
    """What stands in square brackets in a piece, without the ending of a possessive."""
    for name in BRACKETS.findall(words):
        yield OWNED.sub("", name.strip())


def _holds(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _unnamed(cited: Sequence[Sentence], piece: str) -> str:
    """The piece without names in brackets, unless the article has these brackets itself."""
    if "[" not in piece or _places(cited, piece):
        return piece
    return BRACKETS.sub("", piece)


def _places(cited: Sequence[Sentence], words: str) -> list[Bounds]:
    return [
        (s.span.start + start, s.span.start + end)
        for s in cited
        for start, end in occurrences(s.span.text, words)
    ]


def _verbs(cited: Sequence[Sentence], words: str) -> Iterator[Bounds]:
    """Where the words of a verb stand in their order, with others in between."""
    wanted = fold(words).text.split()
    pattern = re.compile(r"\b" + GAP.join(map(re.escape, wanted)) + r"\b")
    for sentence in cited if wanted else ():
        folded = fold(sentence.span.text)
        for match in pattern.finditer(folded.text):
            start, end = folded.back(*match.span())
            yield sentence.span.start + start, sentence.span.start + end


def _nearest(places: Sequence[Sequence[Bounds]]) -> list[Bounds | None]:
    """One place for each piece: the verb's where the others are nearest, and theirs to it."""

    def near(verb: Bounds) -> list[Bounds | None]:
        return [min(p, key=lambda b: _gap(b, verb), default=None) for p in places]

    def width(verb: Bounds) -> int:
        return sum(_gap(b, verb) for i, b in enumerate(near(verb)) if b and i != VERB)

    if not places[VERB]:
        return [next(iter(p), None) for p in places]
    best = min(places[VERB], key=width)
    return [*near(best)[:VERB], best, *near(best)[OBJECT:]]


def _gap(one: Bounds, other: Bounds) -> int:
    return max(one[0] - other[1], other[0] - one[1], 0)


def _part(text: str, bounds: Bounds | None, piece: str, raw: str) -> Part | Miss:
    if bounds is None:
        return Miss.ABSENT if piece.strip() else Miss.EMPTY
    span = span_of(text, *bounds)
    if piece != raw:
        return Part(span, NAMED.sub(_name, raw))
    # An aside inside a verb ("has, police said, fled") is no part of it; an adverb is.
    aside = ASIDE.search(span.text) and not ASIDE.search(piece)
    return Part(span, piece if aside else span.text)


def _name(match: re.Match[str]) -> str:
    name = match["name"]
    if not match["own"] or OWNED.search(name):
        return name
    return f"{name}’" if name.endswith("s") else f"{name}’s"


def _elsewhere(text: str, piece: str, cited: Sequence[Sentence]) -> Part | Miss:
    found = locate(text, piece, tuple(s.span for s in cited))
    return Part(found.span, found.span.text) if found.span else found.miss or Miss.ABSENT


def _bounded(
    text: str, cited: Sequence[Sentence], found: Sequence[Part | Miss]
) -> Iterator[Part | Miss]:
    """The parts, those that begin with a figure with the words that bound it ("up to")."""
    for part in found:
        if isinstance(part, Miss) or not _begins_with_figure(part.span.text):
            yield part
            continue
        ends = [p.span.end for p in found if isinstance(p, Part) and p.span.end <= part.span.start]
        starts = [s.span.start for s in cited if s.span.start <= part.span.start]
        yield _with_bound(text, part, max([*ends, *starts], default=part.span.start))


def _begins_with_figure(words: str) -> bool:
    first = next(iter(numbers(words)), None)
    return bool(first) and not words[: first.start].strip("$£€ ")


def _with_bound(text: str, part: Part, floor: int) -> Part:
    bound = lead(text, floor, part.span.start)
    if not bound or bound.lastgroup == "range":
        return part
    start = part.span.start - len(bound[0])
    before = text[start : part.span.start]
    return replace(part, span=span_of(text, start, part.span.end), reads=before + part.reads)

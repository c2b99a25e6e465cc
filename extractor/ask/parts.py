"""Where the pieces of a claim stand in its sentences, and how they read in a row."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from extractor.edges import Bounds
from extractor.grounding import Miss, occurrences
from extractor.normalise.comparators import lead
from extractor.normalise.numbers import numbers
from extractor.segment import Sentence
from extractor.text import fold

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
OPENING_MARKS = " “‘\"'(«„"
ASIDE = re.compile(r"[,;:()“”\"—–]")
MOST_PLACES = 40  # of one piece that are looked at: "a" stands everywhere
LONGEST_VERB = 8  # words that may stand apart
GAP = r"\W+(?:\w+\W+){0,3}?"  # helpers and adverbs between the words of a verb


@dataclass(frozen=True)
class Part:
    """A piece that was found: where it stands, its words, and how it reads with pronouns named."""

    start: int
    end: int
    words: str
    reads: str

    def within(self, start: int, end: int) -> bool:
        """Whether it stands between two offsets."""
        return start <= self.start and self.end <= end


def place(text: str, cited: Sequence[Sentence], words: Sequence[str]) -> tuple[Part | Miss, ...]:
    """Each of ``words`` where it stands in the cited sentences, or why it cannot be placed.

    Of several places the one nearest to the verb counts.
    """
    said = [_unnamed(cited, piece) for piece in words]
    places = [_places(cited, piece) for piece in said]
    places[VERB] = places[VERB] or list(_verbs(cited, said[VERB]))
    found = [
        _part(text, bounds, piece, raw)
        for bounds, piece, raw in zip(_nearest(places), said, words, strict=True)
    ]
    return tuple(_bounded(text, cited, found))


def in_a_row(parts: Sequence[Part], cited: Sequence[Sentence]) -> str:
    """The parts as they read one after the other; what an earlier part holds is not said twice."""
    starts = [sentence.span.start for sentence in cited]
    said = ""
    for at, part in enumerate(parts):
        if any(part.within(earlier.start, earlier.end) for earlier in parts[:at]):
            continue
        opens = at and part.start in starts and OPENER.match(part.reads)
        touches = at and part.start == parts[at - 1].end  # the "’s" of "it’s"
        reads = part.reads[:1].lower() + part.reads[1:] if opens else part.reads
        said += reads if touches or not at else f" {reads}"
    return said


def reach(parts: Sequence[Part]) -> tuple[Bounds, ...]:
    """The stretches of the article that the parts take up, in order, joined at spaces."""
    joined: list[Bounds] = []
    for start, end in sorted((part.start, part.end) for part in parts):
        if joined and start <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def bearing(parts: Sequence[Part], cited: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """Those of the cited sentences that hold a part."""
    return tuple(s for s in cited if any(_holds(s, part) for part in parts))


def names_in(words: str) -> Iterator[str]:
    """What stands in square brackets behind a pronoun, without the ending of a possessive."""
    for match in NAMED.finditer(words):
        yield OWNED.sub("", match["name"].strip())


def _holds(sentence: Sentence, part: Part) -> bool:
    return part.within(sentence.span.start, sentence.span.end)


def _unnamed(cited: Sequence[Sentence], piece: str) -> str:
    """The piece without names in brackets, unless the article has these brackets itself."""
    if "[" not in piece or _places(cited, piece):
        return piece
    return BRACKETS.sub("", piece)


def _places(cited: Sequence[Sentence], words: str) -> list[Bounds]:
    found = (
        (s.span.start + start, s.span.start + end)
        for s in cited
        for start, end in occurrences(s.span.text, words)
    )
    return list(islice(found, MOST_PLACES)) or list(_openings(cited, words))


def _openings(cited: Sequence[Sentence], words: str) -> Iterator[Bounds]:
    """Where ``words`` open a sentence, whose capital says nothing: "the ferry" is "The ferry"."""
    capital = words[:1].upper() + words[1:]
    for sentence in cited if capital != words else ():
        for start, end in islice(occurrences(sentence.span.text, capital), 1):
            if not sentence.span.text[:start].strip(OPENING_MARKS):
                yield sentence.span.start + start, sentence.span.start + end


def _verbs(cited: Sequence[Sentence], words: str) -> Iterator[Bounds]:
    """Where the words of a verb stand in their order, with others in between."""
    wanted = fold(words).text.split()
    if not 1 < len(wanted) <= LONGEST_VERB:
        return
    pattern = re.compile(r"\b" + GAP.join(map(re.escape, wanted)) + r"\b")
    for sentence in cited:
        folded = fold(sentence.span.text)
        for match in islice(pattern.finditer(folded.text), MOST_PLACES):
            start, end = folded.back(*match.span())
            yield sentence.span.start + start, sentence.span.start + end


def _nearest(places: Sequence[Sequence[Bounds]]) -> list[Bounds | None]:
    """One place for each piece: the verb's where the others are nearest, and theirs to it."""
    if all(len(found) < 2 for found in places) or not places[VERB]:
        return [found[0] if found else None for found in places]

    def near(verb: Bounds) -> list[Bounds | None]:
        chosen = [min(found, key=lambda b: _gap(b, verb), default=None) for found in places]
        return [*chosen[:VERB], verb, *chosen[OBJECT:]]

    def width(chosen: Sequence[Bounds | None]) -> int:
        return sum(_gap(b, v) for b in chosen if b and (v := chosen[VERB]))

    return min(map(near, places[VERB]), key=width)


def _gap(one: Bounds, other: Bounds) -> int:
    return max(one[0] - other[1], other[0] - one[1], 0)


def _part(text: str, bounds: Bounds | None, piece: str, raw: str) -> Part | Miss:
    if bounds is None:
        return Miss.ABSENT if piece.strip() else Miss.EMPTY
    words = text[slice(*bounds)]
    if piece != raw:
        return Part(*bounds, words, BRACKETS.sub("", NAMED.sub(_name, raw)))
    # An aside inside a verb ("has, police said, fled") is no part of it; an adverb is.
    aside = len(words) > len(piece) and ASIDE.search(words) and not ASIDE.search(piece)
    opened = piece[:1] + words[1:] if piece[:1] == words[:1].lower() else words
    return Part(*bounds, words, piece if aside else opened)


def _name(match: re.Match[str]) -> str:
    name = match["name"]
    if not match["own"] or OWNED.search(name):
        return name
    return f"{name}’" if name.endswith("s") else f"{name}’s"


def _bounded(
    text: str, cited: Sequence[Sentence], found: Sequence[Part | Miss]
) -> Iterator[Part | Miss]:
    """The parts, those that begin with a figure with the words that bound it ("up to")."""
    for part in found:
        if isinstance(part, Part) and lead(text, 0, part.start) and _begins_with_figure(part):
            ends = (p.end for p in found if isinstance(p, Part) and p.end <= part.start)
            starts = (s.span.start for s in cited if s.span.start <= part.start)
            yield _with_bound(text, part, max(chain(ends, starts), default=part.start))
        else:
            yield part


def _begins_with_figure(part: Part) -> bool:
    first = next(iter(numbers(part.words)), None)
    return bool(first) and not part.words[: first.start].strip("$£€ ")


def _with_bound(text: str, part: Part, floor: int) -> Part:
    bound = lead(text, floor, part.start)
    if not bound or bound.lastgroup == "range":
        return part
    start = part.start - len(bound[0])
    before = text[start : part.start]
    return Part(start, part.end, before + part.words, before + part.reads)

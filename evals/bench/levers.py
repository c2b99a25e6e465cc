"""The levers, each with what stands in its place when it is taken away."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from extractor.candidates import Candidate
from extractor.edges import Bounds
from extractor.rules.attribution import Passage
from extractor.segment import Document
from schemas import Claim, Source, Time, Zone

Token = Any  # of the parser, which is loaded late
Real = Callable[..., Any]  # a function of the extractor, most of them private
Change = Callable[[Any], object]  # from what is there to what stands in its place

SYNTAX = "extractor.syntax."
ATTRIBUTION = "extractor.rules.attribution."
TELLING = "extractor.rules.telling."
FIGURES = "extractor.normalise.quantity."
MODALITY = "extractor.rules.modality."
ASSEMBLE = "extractor.assemble."
ZONES = "extractor.segment.zones"


@dataclass(frozen=True)
class Lever:
    """``changes``: what is replaced, by its dotted name, and what makes the version without it."""

    name: str
    changes: Mapping[str, Change]


def being(value: object) -> Change:
    """Another constant, or another function, that does not ask for the one that it replaces."""

    def change(_: object) -> object:
        return value

    return change


def giving(value: object) -> Change:
    """A function that always gives ``value``."""

    def always(*_: object) -> object:
        return value

    return being(always)


NEVER = being(re.compile(r"(?!)"))


def whole_sentence(_: str, start: int, end: int) -> tuple[Passage, ...]:
    """Nobody tells anything: the reporting clause is itself the claim."""
    return (Passage(start, end),)


def outermost(real: Real) -> Real:
    """Of several tellers the first alone."""

    def told(*given: object) -> tuple[Source, ...]:
        return real(*given)[:1]

    return told


def left_alone(_: Document, split: list[tuple[Passage, ...]]) -> list[tuple[Passage, ...]]:
    """Each sentence has the tellers that it names itself."""
    return split


def name_kept(name: str, *_: object) -> str:
    """A teller keeps the name that it has in the sentence, be it a pronoun."""
    return name


def every_teller(passage: Passage) -> tuple[Source, ...]:
    """Whom a teller has quoted may go on speaking."""
    return passage.sources


def one_sentence(_: str, candidate: Candidate) -> Bounds:
    """Quotation marks are paired within the claim's own sentences."""
    return candidate.sentences[0].span.start, candidate.sentences[-1].span.end


def own_words(real: Real) -> Real:
    """A claim's time stands in its own words or nowhere."""

    def time(text: str, candidate: Candidate, published_at: datetime | None) -> Time | None:
        return real(text, replace(candidate, lead=candidate.reach[0][0]), published_at)

    return time


def own_subject(real: Real) -> Real:
    """A verb joined to another and without a subject of its own has none."""

    def subject(verb: Token) -> Bounds | None:
        return None if _shares_subject(verb) else real(verb)

    return subject


def without_conjuncts(real: Real) -> Real:
    """Such a verb does not end the clause of the one that it is joined to."""

    def later(verb: Token) -> Iterator[Token]:
        return (token for token in real(verb) if not _shares_subject(token))

    return later


def _shares_subject(verb: Token) -> bool:
    return verb.dep_ == "conj" and not any(c.dep_.startswith("nsubj") for c in verb.children)


def without_relatives(real: Real) -> Real:
    """A relative clause does not end the clause that it stands in."""

    def later(verb: Token) -> Iterator[Token]:
        return (token for token in real(verb) if token.dep_ != "relcl")

    return later


def all_body(paragraphs: tuple[str, ...], _: object) -> tuple[Zone, ...]:
    """Every paragraph is news."""
    return tuple(Zone.BODY for _ in paragraphs)


def as_the_first(real: Real) -> Real:
    """A line that stands again is in the zone of its first copy."""

    def zones(paragraphs: tuple[str, ...], dates: tuple[bool, ...]) -> tuple[Zone, ...]:
        found = real(paragraphs, dates)
        first = dict(zip(reversed(paragraphs), reversed(found), strict=True))
        return tuple(first[p] for p in paragraphs)

    return zones


def each_its_own(_: Claim) -> object:
    """No claim is the same as another."""
    return object()


LEVERS = (
    Lever("tellers lifted out", {TELLING + "passages": being(whole_sentence)}),
    Lever("tellers within tellers", {ATTRIBUTION + "_told": outermost}),
    Lever("tellers carried over", {TELLING + "_carried": being(left_alone)}),
    Lever("inner tellers forgotten", {TELLING + "_speaking": being(every_teller)}),
    Lever("pronouns of tellers named", {TELLING + "resolve": being(name_kept)}),
    Lever("calls and denials kept whole", {ATTRIBUTION + "URGING": NEVER}),
    Lever("quotes paired over the paragraph", {ASSEMBLE + "_paragraph": being(one_sentence)}),
    Lever("quotes without a clause", {"extractor.ask.clauses._words_alone": giving(None)}),
    Lever(
        "coordinated verbs apart",
        {SYNTAX + "_subject": own_subject, SYNTAX + "_later_clauses": without_conjuncts},
    ),
    Lever(
        "relative clauses apart",
        {SYNTAX + "_antecedent": giving(None), SYNTAX + "_later_clauses": without_relatives},
    ),
    Lever("participles with figure or agent", {SYNTAX + "_adds_a_fact": giving(False)}),
    Lever("participles behind a comma", {SYNTAX + "_is_result": giving(False)}),
    Lever("clauses of time and reason", {SYNTAX + "TOLD_AS_FACT": being(frozenset[str]())}),
    Lever("“expected to …” as one verb", {SYNTAX + "_raised": giving(0)}),
    Lever("datelines out of the parse", {SYNTAX + "DATELINE": NEVER}),
    Lever("bounds of figures", {FIGURES + "lead": giving(None), FIGURES + "trail": giving(None)}),
    Lever("negation", {MODALITY + "is_negated": giving(False)}),
    Lever("hedges", {MODALITY + "PROBABLE": NEVER, MODALITY + "POSSIBLE": NEVER}),
    Lever("times that a sentence opens with", {ASSEMBLE + "_time": own_words}),
    Lever("zones", {ZONES: being(all_body)}),
    Lever(
        "what stands twice claimed once",
        {ZONES: as_the_first, ASSEMBLE + "_same": being(each_its_own)},
    ),
    Lever("limits on what pointing admits", {SYNTAX + "_is_pointable": giving(True)}),
)

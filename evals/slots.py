"""Slots of a claim and how each is compared: correct, partial, incorrect, missing, spurious."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from evals.gold import GoldQuantity, GoldSlots, GoldTime
from evals.times import time_similarity
from evals.words import (
    content,
    hedge_similarity,
    name_similarity,
    quote_similarity,
    text_similarity,
    token_f1,
)
from schemas import Certainty, Claim, Comparator, Kind, Quantity, Source, SourceKind, Time

T = TypeVar("T")
Figure = Quantity | GoldQuantity

HALF = 0.5
# Gold writes a third as 0.3333; no two figures of a text that differ are this close.
FRACTION = 1e-4
PARENTS: Mapping[StrEnum, StrEnum] = {
    Kind.QUANTITY: Kind.STATE,
    Kind.BACKGROUND: Kind.STATE,
    Kind.PREDICTION: Kind.ASSESSMENT,
    Certainty.POSSIBLE: Certainty.PROBABLE,
    SourceKind.OFFICIAL_UNNAMED: SourceKind.UNSPECIFIED,
    SourceKind.WITNESS_UNNAMED: SourceKind.UNSPECIFIED,
    SourceKind.INTELLIGENCE: SourceKind.ORGANISATION,
    SourceKind.PUBLISHER: SourceKind.DOCUMENT_OR_MEDIA,
}


class Grade(StrEnum):
    """The outcome of one slot, in the terms of MUC."""

    CORRECT = "correct"
    PARTIAL = "partial"
    INCORRECT = "incorrect"
    MISSING = "missing"
    SPURIOUS = "spurious"


@dataclass(frozen=True)
class Slot(Generic[T]):
    """How to read a slot on both sides, and how to compare two values of it.

    ``accepted`` gives the acceptable gold values: None among them allows an empty slot, an empty
    tuple means that the slot is not scored. ``similarity`` is in [0, 1].
    """

    predicted: Callable[[Claim], T | None]
    accepted: Callable[[GoldSlots], Sequence[T | None]]
    similarity: Callable[[T, T], float]
    correct: float = 1.0
    partial: float = HALF

    def compare(self, claim: Claim, gold: GoldSlots) -> float:
        """Best similarity with an acceptable value; 0 where one side is empty."""
        value = self.predicted(claim)
        filled = [a for a in self.accepted(gold) if a is not None]
        return max((self.similarity(value, a) for a in filled), default=0.0) if value else 0.0

    def grade(self, claim: Claim, gold: GoldSlots) -> Grade | None:
        """The slot's outcome; None where it is not scored, or rightly empty."""
        accepted = self.accepted(gold)
        if not accepted:
            return None
        if not self.predicted(claim):
            return None if None in accepted else Grade.MISSING
        if all(a is None for a in accepted):
            return Grade.SPURIOUS
        similarity = self.compare(claim, gold)
        if similarity >= self.correct:
            return Grade.CORRECT
        return Grade.PARTIAL if similarity >= self.partial else Grade.INCORRECT

    def filled(self, claim: Claim, gold: GoldSlots) -> bool:
        """True where the slot is scored and either side holds a value."""
        accepted = self.accepted(gold)
        return bool(accepted) and (bool(self.predicted(claim)) or None not in accepted)


def category_similarity(left: StrEnum, right: StrEnum) -> float:
    """1 for the same category, .5 where one is the declared parent of the other."""
    if left == right:
        return 1.0
    return HALF if PARENTS.get(left) == right or PARENTS.get(right) == left else 0.0


def in_order(left: Sequence[T], right: Sequence[T], similarity: Callable[[T, T], float]) -> float:
    """Mean similarity of two lists, paired as well as their order allows; the unpaired count 0."""
    best = [0.0] * (len(right) + 1)
    for a in left:
        row = [0.0]
        for at, b in enumerate(right):
            row.append(max(row[at], best[at + 1], best[at] + similarity(a, b)))
        best = row
    return best[-1] / max(len(left), len(right))


def tellers_similarity(left: Sequence[Source], right: Sequence[Source]) -> float:
    """Tellers by name, outermost first: the order is part of what is said."""
    return in_order([s.name for s in left], [s.name for s in right], name_similarity)


def unit_similarity(left: str | None, right: str | None) -> float:
    """F1 of two units' words, plural ignored; a unit on one side alone is half right."""
    if not left or not right:
        return 1.0 if left == right else HALF
    a, b = (frozenset(w.rstrip("s") or w for w in content(unit)) for unit in (left, right))
    return 1.0 if left == right else token_f1(a, b)


def figure_similarity(left: Figure, right: Figure) -> float:
    """1 for equal value, unit and comparator; .5 for a lost comparator or an end of the range."""
    units = unit_similarity(left.unit, right.unit)
    if units < 0.4:
        return 0.0
    if left.value is None or right.value is None:
        return text_similarity(left.text, right.text) if left.value == right.value else 0.0
    if not _same_figures(left, right):
        return HALF if _end_of_range(left, right) or _end_of_range(right, left) else 0.0
    if left.comparator == right.comparator:
        return 1.0 if units == 1 else HALF
    return HALF if Comparator.EXACT in (left.comparator, right.comparator) else 0.0


def _same_figures(left: Figure, right: Figure) -> bool:
    pairs = ((left.value, right.value), (left.value_max, right.value_max))
    return all(_equal(a, b) for a, b in pairs)


def _equal(left: float | None, right: float | None) -> bool:
    if left is None or right is None:
        return left is right
    return math.isclose(left, right, rel_tol=FRACTION)


def _end_of_range(end: Figure, whole: Figure) -> bool:
    ends = (whole.value, whole.value_max)
    return end.value_max is None and whole.value_max is not None and end.value in ends


def figures_similarity(left: Sequence[Figure], right: Sequence[Figure]) -> float:
    """Figures in the order of the text."""
    return in_order(left, right, figure_similarity)


def cues(sources: Sequence[Source]) -> tuple[str, ...] | None:
    """The reporting words of tellers, outermost first; None if there are none."""
    return tuple(s.cue for s in sources if s.cue) or None


def _names(predicted: Callable[[Claim], str | None], accepted: "Texts") -> Slot[str]:
    return Slot(predicted, accepted, name_similarity, partial=0.4)


def _free(predicted: Callable[[Claim], str | None], accepted: "Texts") -> Slot[str]:
    return Slot(predicted, accepted, text_similarity, correct=0.8, partial=0.4)


Texts = Callable[[GoldSlots], Sequence[str | None]]

KIND: Slot[StrEnum] = Slot(lambda c: c.kind, lambda g: g.kind, category_similarity)
SUBJECT = _names(lambda c: c.subject, lambda g: g.subject)
PREDICATE = _free(lambda c: c.predicate, lambda g: g.predicate)
OBJECT = _free(lambda c: c.object, lambda g: g.object)
SPEAKER: Slot[Sequence[Source]] = Slot(
    lambda c: c.sources, lambda g: [s or None for s in g.sources], tellers_similarity, partial=0.4
)
TELLER_KIND: Slot[Sequence[StrEnum]] = Slot(
    lambda c: [s.kind for s in c.sources],
    lambda g: [[s.kind for s in sources] or None for sources in g.sources],
    lambda a, b: in_order(a, b, category_similarity),
)
CUE: Slot[Sequence[str]] = Slot(
    lambda c: cues(c.sources),
    lambda g: [cues(sources) for sources in g.sources],
    lambda a, b: in_order(a, b, text_similarity),
    correct=0.8,
    partial=0.4,
)
QUOTE = Slot[str](
    lambda c: c.quote and c.quote.text, lambda g: g.quote, quote_similarity, 0.95, 0.8
)
QUANTITIES: Slot[Sequence[Figure]] = Slot(
    lambda c: c.quantities, lambda g: [q or None for q in g.quantities], figures_similarity
)
TIME: Slot[Time | GoldTime] = Slot(
    lambda c: c.time, lambda g: g.time, time_similarity, correct=0.8, partial=0.4
)
PLACE = _names(lambda c: c.place, lambda g: g.place)
HEDGE: Slot[str] = Slot(
    lambda c: c.hedge, lambda g: g.hedge, hedge_similarity, correct=0.8, partial=0.4
)
CERTAINTY: Slot[StrEnum] = Slot(lambda c: c.certainty, lambda g: g.certainty, category_similarity)

SLOTS: Mapping[str, Slot[Any]] = {
    "kind": KIND,
    "subject": SUBJECT,
    "predicate": PREDICATE,
    "object": OBJECT,
    "speaker": SPEAKER,
    "teller_kind": TELLER_KIND,
    "cue": CUE,
    "quote": QUOTE,
    "quantities": QUANTITIES,
    "time": TIME,
    "place": PLACE,
    "hedge": HEDGE,
    "certainty": CERTAINTY,
}
CORE = ("subject", "predicate", "object", "speaker", "quote", "quantities", "time")

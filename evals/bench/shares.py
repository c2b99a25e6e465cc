"""How many of gold's figures, times and direct quotes came out right.

The report grades whole slots; these ask for what a reader relies on: a figure's value and what
bounds it, a date, a quotation's bytes and who spoke them.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from evals.gold import GoldClaim
from evals.score import Outcome, Verdict
from evals.slots import FRACTION, Figure, Grade, in_order
from schemas import Claim


@dataclass(frozen=True)
class Share:
    """Claims that gold ``expected``, how many of them were ``found``, and were ``right`` in this.

    A claim with two figures, one of them right, counts a half.
    """

    right: float
    found: int
    expected: int

    @property
    def of_found(self) -> float:
        """In [0, 1]; 1 where nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def of_expected(self) -> float:
        """In [0, 1]; 1 where nothing was expected."""
        return self.right / self.expected if self.expected else 1.0


def figures(outcomes: Iterable[Outcome]) -> Share:
    """Value and comparator of every figure, its unit aside; figures too many count against it."""
    return _share(outcomes, lambda _, gold: _is_filled(gold.slots.quantities), _bounds)


def times(outcomes: Iterable[Outcome]) -> Share:
    """Value and granularity of times that gold resolves."""
    return _share(outcomes, lambda _, gold: _is_resolved(gold), _graded("time"))


def quotes(outcomes: Iterable[Outcome]) -> Share:
    """Direct quotes: the article's own bytes, and the right chain of tellers."""

    def is_direct(outcome: Outcome, gold: GoldClaim) -> bool:
        return "voice=direct" in outcome.traits and _is_filled(gold.slots.quote)

    return _share(outcomes, is_direct, _graded("quote", "speaker"))


def _share(
    outcomes: Iterable[Outcome],
    is_meant: Callable[[Outcome, GoldClaim], bool],
    right: Callable[[Outcome, GoldClaim, Claim], float],
) -> Share:
    required = [(o, o.gold) for o in outcomes if o.gold and o.verdict != Verdict.OPTIONAL]
    meant = [(o, gold) for o, gold in required if is_meant(o, gold)]
    found = [right(o, gold, o.claim) for o, gold in meant if o.claim]
    return Share(sum(found), len(found), len(meant))


def _is_filled(accepted: Sequence[object]) -> bool:
    """Whether the slot is scored and may not stay empty."""
    return bool(accepted) and all(accepted)


def _is_resolved(gold: GoldClaim) -> bool:
    return bool(gold.slots.time) and all(t and t.value for t in gold.slots.time)


def _graded(*slots: str) -> Callable[[Outcome, GoldClaim, Claim], float]:
    """Whether all ``slots`` are graded correct; a quote is only so if its bytes stand there."""

    def graded(outcome: Outcome, *_: object) -> float:
        grades = [outcome.grades.get(slot, Grade.CORRECT) for slot in slots]
        return float(all(grade == Grade.CORRECT for grade in grades))

    return graded


def _bounds(outcome: Outcome, gold: GoldClaim, claim: Claim) -> float:
    del outcome
    return max(in_order(claim.quantities, given, _same_bound) for given in gold.slots.quantities)


def _same_bound(left: Figure, right: Figure) -> float:
    pairs = ((left.value, right.value), (left.value_max, right.value_max))
    return float(left.comparator == right.comparator and all(_equal(a, b) for a, b in pairs))


def _equal(left: float | None, right: float | None) -> bool:
    if left is None or right is None:
        return left is right
    return math.isclose(left, right, rel_tol=FRACTION)

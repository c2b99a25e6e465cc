"""Which predicted claim is which gold claim: similarity of evidence and slots, then one-to-one.

A pair may match if its evidence overlaps, its similarity reaches ``MATCH``, its polarity is equal,
and both say the same thing. The last condition is needed because claims share sentences: with equal
evidence, a shared subject (or a shared teller and cue) alone would lift a pair over ``MATCH``, so a
claim would be taken for its missing neighbour.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

from evals.gold import GoldClaim, GoldSlots
from evals.slots import (
    CUE,
    OBJECT,
    PLACE,
    PREDICATE,
    QUANTITIES,
    QUOTE,
    SLOTS,
    SPEAKER,
    SUBJECT,
    TIME,
    Grade,
)
from evals.words import STOP, WORD, containment, content, token_f1, words
from schemas import Claim, Span

EVIDENCE_WEIGHT = 0.3
SLOT_WEIGHT = 0.7
MATCH = 0.5
SAME_QUOTE = 0.8
SAME_SAYING = 0.5
SCALE = 1_000_000  # similarities become integers, so that sums are exact and ties real
TIES = 100_000  # more than all slots of all claims can add up to


@dataclass(frozen=True)
class Pair:
    """A predicted claim beside a gold claim; similarity in [0, 1]."""

    claim: Claim
    gold: GoldClaim
    similarity: float


@lru_cache(maxsize=64)
def _bounds(text: str) -> tuple[list[int], list[int]]:
    found = [m.span() for m in re.finditer(WORD, text)]
    return [start for start, _ in found], [end for _, end in found]


def covered(text: str, spans: Iterable[Span]) -> frozenset[int]:
    """Numbers of the words of ``text`` that ``spans`` touch."""
    return _covered(text, tuple((span.start, span.end) for span in spans))


@lru_cache(maxsize=8192)
def _covered(text: str, offsets: tuple[tuple[int, int], ...]) -> frozenset[int]:
    starts, ends = _bounds(text)
    runs = (range(bisect_right(ends, s), bisect_left(starts, e)) for s, e in offsets)
    return frozenset(n for run in runs for n in run)


def evidence_similarity(text: str, claim: Claim, gold: GoldClaim) -> float:
    """Best IoU of the words that the claim and an acceptable evidence set cover, in [0, 1]."""
    mine = covered(text, claim.evidence)
    theirs = [covered(text, spans) for spans in gold.evidence]
    return max(len(mine & t) / max(len(mine | t), 1) for t in theirs)


def content_similarity(claim: Claim, gold: GoldSlots) -> float:
    """F1 of the words of subject, predicate and object, or likeness of the quotes, in [0, 1]."""
    mine = _joined(claim.subject, claim.predicate, claim.object)
    phrases = product(gold.subject or ("",), gold.predicate or ("",), gold.object or (None,))
    return max(QUOTE.compare(claim, gold), *(token_f1(mine, _joined(*p)) for p in phrases))


def _joined(*parts: str | None) -> frozenset[str]:
    return content(" ".join(part for part in parts if part))


def slot_similarity(claim: Claim, gold: GoldSlots) -> float:
    """Weighted similarity over the slots that either side fills, in [0, 1]."""
    parts = _attributed(claim, gold) if SPEAKER.filled(claim, gold) else _own_voice(claim, gold)
    weight = sum(w for w, _ in parts)
    return sum(w * s for w, s in parts) / weight if weight else 0.0


def _attributed(claim: Claim, gold: GoldSlots) -> list[tuple[float, float]]:
    parts = [(0.5, content_similarity(claim, gold)), (0.35, SPEAKER.compare(claim, gold))]
    return [*parts, (0.15, CUE.compare(claim, gold))] if CUE.filled(claim, gold) else parts


def _own_voice(claim: Claim, gold: GoldSlots) -> list[tuple[float, float]]:
    weighted = ((0.3, SUBJECT), (0.2, PREDICATE), (0.3, OBJECT))
    parts = [(w, slot.compare(claim, gold)) for w, slot in weighted if slot.filled(claim, gold)]
    around = (QUANTITIES, TIME, PLACE)
    found = [slot.compare(claim, gold) for slot in around if slot.filled(claim, gold)]
    return [*parts, (0.2, sum(found) / len(found))] if found else parts


def similarity(text: str, claim: Claim, gold: GoldClaim) -> float:
    """Similarity of a pair in [0, 1]; 0 where it may not match."""
    if claim.negated != gold.slots.negated:
        return 0.0
    evidence = evidence_similarity(text, claim, gold)
    if not evidence or not says_the_same(claim, gold.slots):
        return 0.0
    total = EVIDENCE_WEIGHT * evidence + SLOT_WEIGHT * slot_similarity(claim, gold.slots)
    return total if total >= MATCH else 0.0


def says_the_same(claim: Claim, gold: GoldSlots) -> bool:
    """True if half of the words beyond the subject agree, and the subjects are not strangers."""
    if QUOTE.compare(claim, gold) >= SAME_QUOTE:
        return True
    golds = list(product(gold.subject or ("",), gold.predicate or ("",), gold.object or (None,)))
    mine = (claim.subject, claim.predicate, claim.object)
    return any(_same_saying(mine, g) and not _strangers(mine, g) for g in golds)


Phrase = tuple[str, str, str | None]


def _same_saying(left: Phrase, right: Phrase) -> bool:
    said = _telling(*left[1:]), _telling(*right[1:])
    if not all(said):  # "there are", "they do": only the subject carries content
        said = _joined(*left), _joined(*right)
    return containment(*said) >= SAME_SAYING


def _strangers(left: Phrase, right: Phrase) -> bool:
    """True where neither subject is named by the other side at all; pronouns are no strangers."""
    mine, theirs = _telling(left[0]), _telling(right[0])
    if not mine or not theirs:
        return False
    return not (mine & _telling(*right) or theirs & _telling(*left))


def _telling(*parts: str | None) -> frozenset[str]:
    return frozenset(w for part in parts if part for w in words(part)) - STOP


def align(text: str, claims: Sequence[Claim], gold: Sequence[GoldClaim]) -> tuple[Pair, ...]:
    """The one-to-one assignment that maximises total similarity, in the order of the gold.

    Among equals the one with more slots right: generous gold makes neighbours look alike. Both
    sides are put in a canonical order first, so that the order of a list decides no other tie.
    """
    mine, theirs = sorted(claims, key=_order), sorted(gold, key=lambda g: g.id)
    if not mine or not theirs:
        return ()
    likes = [[similarity(text, c, g) for c in mine] for g in theirs]
    scores = [
        [_rank(like, c, g) if like else 0 for like, c in zip(row, mine, strict=True)]
        for row, g in zip(likes, theirs, strict=True)
    ]
    return tuple(
        Pair(mine[col], theirs[row], likes[row][col])
        for row, col in _assignment(scores)
        if scores[row][col]
    )


def _rank(like: float, claim: Claim, gold: GoldClaim) -> int:
    grades = [slot.grade(claim, gold.slots) for slot in SLOTS.values()]
    right = 2 * grades.count(Grade.CORRECT) + grades.count(Grade.PARTIAL)
    return round(SCALE * like) * TIES + right


def _assignment(scores: list[list[int]]) -> list[tuple[int, int]]:
    solved = linear_sum_assignment(np.array(scores), maximize=True)  # pyright: ignore[reportUnknownVariableType]
    rows, cols = cast("tuple[NDArray[np.int64], NDArray[np.int64]]", solved)
    return list(zip(rows.tolist(), cols.tolist(), strict=True))


def _order(claim: Claim) -> tuple[int, int, str]:
    first = claim.evidence[0]
    return first.start, first.end, claim.model_dump_json(exclude={"id"}) + claim.id

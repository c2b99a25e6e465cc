"""How sure, and whether it is denied: hedges, negation, predictions, by their words."""

import re
from dataclasses import dataclass
from functools import lru_cache

from extractor.text import letters
from schemas import Certainty

NEGATION = re.compile(
    r"\b(?:not|never|no longer|nobody|no one|none|nothing|neither|nor|cannot|no(?= (?:\w+ )?\w+))\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
NOT_NEGATION = re.compile(
    r"\bnot only\b|\bno (?:fewer|less|more) than\b|\bnot least\b|\bnothing (?:but|short of)\b|\bno doubt\b",
    re.IGNORECASE,
)
PROBABLE = re.compile(
    r"\b(?:(?:is|are|was|were|be|been) )?(?:widely )?(?:believed|thought|understood|presumed|assumed|expected|said|reported)"
    r" to (?:be|have been|have)?\b"
    r"|\b(?:presumably|probably|likely|apparently|seemingly|most likely)\b"
    r"|\b(?:suggest(?:s|ed|ing)?|indicat(?:e|es|ed|ing))\b"
    r"|\b(?:appear(?:s|ed)?|seem(?:s|ed)?) to\b|\bin an apparent\b|\bapparent\b",
    re.IGNORECASE,
)
POSSIBLE = re.compile(
    r"\b(?:reportedly|purportedly|allegedly|supposedly|possibly|perhaps|maybe|unconfirmed|alleged|purported)\b"
    r"|\b(?:may|might|could)(?= (?:\w+ly )?(?:have|be|\w+)\b)",
    re.IGNORECASE,
)
PREDICTION = re.compile(
    r"\b(?:will|would|shall|won['’]t|is (?:due|set|expected|likely|poised|scheduled) to"
    r"|are (?:due|set|expected|likely|poised|scheduled) to|expects? to|plans? to|going to"
    r"|forecasts?|is expected|are expected)\b",
    re.IGNORECASE,
)
# Each pattern needs one of its words ("t" is that of "don't"); few clauses have any.
DENYING = frozenset("not never no nobody none nothing neither nor cannot t".split())
HEDGING = frozenset(
    (
        "believed thought understood presumed assumed expected said reported presumably probably "
        "likely apparently seemingly suggest suggests suggested suggesting indicate indicates "
        "indicated indicating appear appears appeared seem seems seemed apparent reportedly "
        "purportedly allegedly supposedly possibly perhaps maybe unconfirmed alleged purported may "
        "might could"
    ).split()
)
PREDICTING = frozenset(
    (
        "will would shall won due set expected likely poised scheduled expect expects plan plans "
        "going forecast forecasts"
    ).split()
)
HOW = re.compile(r"\bhow\s+$", re.IGNORECASE)
HABIT = re.compile(r"\bhow\b.{0,40}\bwould\b|\bused to\b", re.IGNORECASE)


@dataclass(frozen=True)
class Modality:
    """What the words of a clause say about its truth."""

    negated: bool
    certainty: Certainty
    hedge: str | None
    prediction: bool


def modality(clause: str, before: str = "") -> Modality:
    """Read hedge, negation and prediction off the words of one clause.

    ``before`` is what leads into it: after "how", a "would" is a habit of the past.
    """
    hedge, certainty = _hedge(clause)
    predicts = _predicts(clause, before)
    if predicts and certainty is Certainty.CERTAIN:
        certainty = Certainty.PROBABLE
    return Modality(is_negated(clause), certainty, hedge, predicts)


def _hedge(clause: str) -> tuple[str | None, Certainty]:
    if HEDGING.isdisjoint(letters(clause)):
        return None, Certainty.CERTAIN
    possible = POSSIBLE.search(clause)
    hedge = PROBABLE.search(clause) or possible
    if not hedge:
        return None, Certainty.CERTAIN
    return hedge.group().strip(), Certainty.POSSIBLE if possible else Certainty.PROBABLE


def _predicts(clause: str, before: str) -> bool:
    if PREDICTING.isdisjoint(letters(clause)) or not PREDICTION.search(clause):
        return False
    return not (HABIT.search(clause) or HOW.search(before))


def may_deny(clause: str) -> bool:
    """False where no word of the clause denies anything."""
    return not DENYING.isdisjoint(letters(clause))


@lru_cache(maxsize=512)
def is_negated(clause: str) -> bool:
    """Whether the clause denies what its verb says. An even count of negations cancels out."""
    if not may_deny(clause):
        return False
    bare = NOT_NEGATION.sub("", clause)
    return len(NEGATION.findall(bare)) % 2 == 1

"""Outcomes added up: precision, recall, F1, slots, attribution, slices, and their uncertainty."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from statistics import fmean, median

import numpy as np
from numpy.typing import NDArray

from evals.score import CaseScore, Outcome, Verdict
from evals.slots import SLOTS, Grade

Counts = NDArray[np.int64]
Values = NDArray[np.float64]

SLOT_FIELDS = [f"{slot}.{grade}" for slot in SLOTS for grade in Grade]
FIELDS = ("matched", "missed", "false_alarm", "strict", *SLOT_FIELDS)
AT = {field: n for n, field in enumerate(FIELDS)}
RESAMPLES = 2000
SEED = 20161103
ENOUGH = 10  # gold claims that a slice needs before its score can gate
DIGITS = 6


def count(outcomes: Iterable[Outcome]) -> Counts:
    """How often each of ``FIELDS`` occurs; matched optional gold is left out."""
    counts = np.zeros(len(FIELDS), dtype=np.int64)
    for outcome in outcomes:
        if outcome.verdict == Verdict.OPTIONAL:
            continue
        counts[AT[outcome.verdict]] += 1
        counts[AT["strict"]] += outcome.strict
        for slot, grade in outcome.grades.items():
            counts[AT[f"{slot}.{grade}"]] += 1
    return counts


def metrics(counts: Counts) -> dict[str, Values]:
    """Micro metrics in [0, 1] of ``counts``, whose last axis is ``FIELDS``.

    Nothing on either side scores 1; nothing on one side scores 0.
    """
    matched, missed, alarms = (counts[..., AT[f]] for f in ("matched", "missed", "false_alarm"))
    strict = counts[..., AT["strict"]]
    predicted, gold = matched + alarms, matched + missed
    return {
        **_prf("", matched, predicted, gold),
        **_prf("strict_", strict, predicted, gold),
        **_slot_prf("slot_", counts, tuple(SLOTS)),
        **_slot_prf("attribution_", counts, ("speaker",)),
    }


def slot_scores(counts: Counts) -> dict[str, Values]:
    """F1 of each slot alone, end to end."""
    return {slot: _slot_prf("", counts, (slot,))["f1"] for slot in SLOTS}


def _prf(name: str, hits: Values | Counts, predicted: Counts, gold: Counts) -> dict[str, Values]:
    nothing = predicted + gold == 0
    return {
        f"{name}precision": _ratio(hits, predicted, nothing),
        f"{name}recall": _ratio(hits, gold, nothing),
        f"{name}f1": _ratio(2 * hits, predicted + gold, nothing),
    }


def _slot_prf(name: str, counts: Counts, slots: Sequence[str]) -> dict[str, Values]:
    """MUC: a partial slot is half a hit; missing ones count for recall, spurious for precision."""
    total = {g: sum(counts[..., AT[f"{slot}.{g}"]] for slot in slots) for g in Grade}
    tried = total[Grade.CORRECT] + total[Grade.PARTIAL] + total[Grade.INCORRECT]
    hits = total[Grade.CORRECT] + 0.5 * total[Grade.PARTIAL]
    actual, possible = tried + total[Grade.SPURIOUS], tried + total[Grade.MISSING]
    return _prf(name, np.asarray(hits), np.asarray(actual), np.asarray(possible))


def _ratio(part: Values | Counts, whole: Counts, nothing: NDArray[np.bool_]) -> Values:
    safe = np.where(whole > 0, whole, 1)
    return np.where(nothing, 1.0, np.where(whole > 0, part / safe, 0.0))


def clusters(scores: Sequence[CaseScore]) -> list[list[tuple[CaseScore, Outcome]]]:
    """Outcomes by paragraph; two cases of one article share theirs, as they share the text."""
    found: dict[tuple[str, int], list[tuple[CaseScore, Outcome]]] = {}
    for score in scores:
        for outcome in score.outcomes:
            found.setdefault((score.article, outcome.paragraph), []).append((score, outcome))
    return [found[key] for key in sorted(found)]


@lru_cache(maxsize=4)
def _weights(n: int) -> Counts:
    """How often each of ``n`` clusters is drawn, in each resample."""
    return np.random.default_rng(SEED).multinomial(n, [1 / n] * n, size=RESAMPLES)


def intervals(rows: Counts) -> dict[str, tuple[float, float]]:
    """95 % percentile intervals of the micro metrics; ``rows`` has one row of counts a cluster.

    Resamples that drew no claim at all say nothing and are left out.
    """
    if not rows.any():
        return {}
    resampled = _weights(len(rows)) @ rows
    drawn = metrics(resampled[resampled.any(axis=1)])
    ends = {name: np.percentile(values, (2.5, 97.5)) for name, values in drawn.items()}
    return {name: (rounded(low), rounded(high)) for name, (low, high) in ends.items()}


def rounded(value: float | Values) -> float:
    """A plain float with as many digits as are compared."""
    return round(float(value), DIGITS)


def summary(scores: Sequence[CaseScore]) -> dict[str, float]:
    """All metrics over ``scores``: micro, macro over cases, and what needs no gold."""
    micro = metrics(count(o for score in scores for o in score.outcomes))
    each = [metrics(count(score.outcomes)) for score in scores]
    macro = {
        f"macro_{name}": fmean(float(m[name]) for m in each) if each else 1.0
        for name in ("precision", "recall", "f1")
    }
    values = {**{name: float(v) for name, v in micro.items()}, **macro, **_quality(scores)}
    return {name: rounded(value) for name, value in values.items()}


def _quality(scores: Sequence[CaseScore]) -> dict[str, float]:
    claims = sum(score.quality.claims for score in scores)
    bloat = [ratio for score in scores for ratio in score.quality.bloat]
    return {
        "grounding": sum(s.quality.grounded for s in scores) / claims if claims else 1.0,
        "boilerplate_claims": float(sum(s.quality.boilerplate for s in scores)),
        "duplicate_rate": sum(s.quality.repeated for s in scores) / claims if claims else 0.0,
        "evidence_bloat": median(bloat) if bloat else 1.0,
    }


def slices(scores: Sequence[CaseScore]) -> dict[str, dict[str, float]]:
    """Metrics of every slice that has gold: ``n`` gold claims, F1 and its interval, strict F1."""
    grouped = clusters(scores)
    names = {n for group in grouped for item in group if _gold(item[1]) for n in _names(*item)}
    return {name: _slice(grouped, name) for name in sorted(names)}


def _gold(outcome: Outcome) -> bool:
    return outcome.verdict in (Verdict.MATCHED, Verdict.MISSED)


def _names(score: CaseScore, outcome: Outcome) -> frozenset[str]:
    return outcome.traits | {f"set={score.group}", f"case={score.case}"}


def _slice(grouped: Sequence[Sequence[tuple[CaseScore, Outcome]]], name: str) -> dict[str, float]:
    inside = [[o for s, o in group if name in _names(s, o)] for group in grouped]
    rows = np.array([count(outcomes) for outcomes in inside])
    values: Mapping[str, Values] = metrics(rows.sum(axis=0))
    low, high = intervals(rows)["f1"]
    n = sum(_gold(o) for outcomes in inside for o in outcomes)
    shown = ("precision", "recall", "f1", "strict_f1", "attribution_f1")
    return {"n": float(n), "low": low, "high": high} | {k: rounded(values[k]) for k in shown}

"""One run as data: versioned, sorted, and without a clock, so that equal runs give equal bytes."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

import numpy as np

from evals.metrics import clusters, count, intervals, rounded, slices, slot_scores, summary
from evals.run import CaseRun
from evals.score import CaseScore, Outcome, Verdict
from schemas import Extraction, Usage

Json = dict[str, Any]
VERSION = 1
SPREAD = ("precision", "recall", "f1", "strict_f1", "slot_f1", "attribution_f1")


def build(
    trials: Sequence[Sequence[CaseRun]],
    scores: Sequence[Sequence[CaseScore]],
    seconds: Sequence[float],
    meta: Mapping[str, object],
) -> Json:
    """The report of a run. The first trial is reported in full; all of them make the spread.

    ``seconds`` of each case: recorded ones in replay, measured ones else. ``meta`` (mode, model,
    hashes) is taken as it is.
    """
    runs, first = trials[0], scores[0]
    rows = np.array([count(o for _, o in group) for group in clusters(first)])
    counts = count(o for score in first for o in score.outcomes)
    return {
        **meta,
        "report_version": VERSION,
        "trials": len(trials),
        "metrics": summary(first),
        "intervals": {name: list(ends) for name, ends in intervals(rows).items()},
        "slots": {name: rounded(value) for name, value in slot_scores(counts).items()},
        "slices": slices(first),
        "cases": [_case(run, score) for run, score in zip(runs, first, strict=True)],
        "run": _bill(runs, seconds),
        "spread": _spread(scores) if len(trials) > 1 else None,
    }


def _case(run: CaseRun, score: CaseScore) -> Json:
    extraction = run.extraction
    return {
        "id": run.case.id,
        "group": run.case.group,
        "status": extraction.status if extraction else "error",
        "error": run.error,
        "claims": score.quality.claims,
        "metrics": summary([score]),
        "outcomes": [_outcome(outcome) for outcome in score.outcomes],
    }


def _outcome(outcome: Outcome) -> Json:
    gold, claim = outcome.gold, outcome.claim
    return {
        "verdict": outcome.verdict.value,
        "gold": gold.id if gold else None,
        "expected": gold.statement if gold else None,
        "claim": claim.id if claim else None,
        "found": claim.statement if claim else None,
        "paragraph": outcome.paragraph,
        "similarity": rounded(outcome.similarity),
        "strict": outcome.strict,
        "grounded": outcome.grounded,
        "grades": {slot: grade.value for slot, grade in sorted(outcome.grades.items())},
    }


def _bill(runs: Sequence[CaseRun], seconds: Sequence[float]) -> Json:
    """What the run used, over all attempts, and what went wrong in it."""
    made = [run.extraction for run in runs if run.extraction]
    costs = [extraction.usage.cost_usd for extraction in made]
    known = [cost for cost in costs if cost is not None]
    return {
        "calls": _total(made, "calls"),
        "retries": _total(made, "retries"),
        "first_try_validity": _first_tries(made),
        "input_tokens": _total(made, "input_tokens"),
        "cached_tokens": _total(made, "cached_tokens"),
        "output_tokens": _total(made, "output_tokens"),
        "cost_usd": rounded(sum(known)) if len(known) == len(costs) else None,
        "errors": sum(run.failed for run in runs),
        "failed_windows": sum(len(extraction.coverage.failed) for extraction in made),
        "rejected": sum(len(extraction.rejected) for extraction in made),
        "seconds_p50": _percentile(seconds, 50),
        "seconds_p95": _percentile(seconds, 95),
    }


def _first_tries(made: Sequence[Extraction]) -> float | None:
    """The share of questions that the first call answered usably; None where none was asked."""
    asked = _total(made, "calls") - _total(made, "retries")
    return rounded(_total(made, "first_tries") / asked) if asked else None


def _total(made: Sequence[Extraction], name: str) -> int:
    assert name in Usage.model_fields
    return sum(getattr(extraction.usage, name) for extraction in made)


def _percentile(values: Sequence[float], percent: int) -> float:
    return round(float(np.percentile(values, percent)), 3) if values else 0.0


def _spread(scores: Sequence[Sequence[CaseScore]]) -> Json:
    """How far trials lie apart, and the share of claims found in some but not in the next."""
    each = [summary(trial) for trial in scores]
    found = [_found(trial) for trial in scores]
    return {
        "metrics": {
            name: {
                "mean": rounded(fmean(m[name] for m in each)),
                "min": min(m[name] for m in each),
                "max": max(m[name] for m in each),
            }
            for name in SPREAD
        },
        "flip_rate": rounded(fmean(_flips(a, b) for a, b in pairwise(found))),
    }


def _found(trial: Sequence[CaseScore]) -> dict[tuple[str, str], bool]:
    return {
        (score.case, outcome.gold.id): outcome.verdict == Verdict.MATCHED
        for score in trial
        for outcome in score.outcomes
        if outcome.gold and outcome.verdict != Verdict.OPTIONAL
    }


def _flips(a: Mapping[tuple[str, str], bool], b: Mapping[tuple[str, str], bool]) -> float:
    return sum(a[key] != b.get(key) for key in a) / len(a) if a else 0.0

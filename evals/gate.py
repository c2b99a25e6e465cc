"""What decides whether a change may pass: thresholds, the baseline, and exit codes."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, cast

from evals.dataset import GOLD, ROOT
from evals.metrics import ENOUGH

Json = dict[str, Any]

BASELINE = ROOT / "evals" / "baseline.json"
VERSION = 1
GATED = ("f1", "strict_f1", "slot_f1", "attribution_f1", "grounding")
SLICE_SLACK = 0.05  # one slice may trade a claim for a gain elsewhere
FLOORS = {"grounding": 1.0}
CEILINGS = {"boilerplate_claims": 0.0}
SCORER = ("align", "metrics", "score", "slots", "times", "traits", "words")
RANK = {"missed": 0, "matched": 1, "strict": 2}


class Exit(IntEnum):
    """Exit codes, by what must be mended."""

    PASS = 0
    THRESHOLD = 1
    CONFIG = 2
    REGRESSION = 3
    RECORDING = 4
    ERRORS = 5


@dataclass(frozen=True)
class Check:
    """One condition of a run, whether it holds, and why not."""

    name: str
    passed: bool
    detail: str = ""


@dataclass(frozen=True)
class Comparison:
    """Two reports compared. Claims are ``case/claim``; ``metrics`` holds before and after.

    ``changed`` names what is not the same on both sides: gold, prompts, schema, model, scorer.
    """

    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    metrics: Mapping[str, tuple[float, float]] = field(
        default_factory=dict[str, tuple[float, float]]
    )
    regressions: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def digest(paths: Iterable[Path], root: Path = ROOT) -> str:
    """Hex sha256 over the names and bytes of files, whatever their order."""
    whole = hashlib.sha256()
    for path in sorted(paths):
        name, data = path.relative_to(root).as_posix().encode(), path.read_bytes()
        whole.update(b"%d %s %d " % (len(name), name, len(data)) + data)
    return whole.hexdigest()


def hashes(model: str, gold: Path = GOLD, root: Path = ROOT) -> dict[str, str]:
    """What a score depends on, so that scores of different things are never compared blindly."""
    prompts = [p for p in (root / "prompts").rglob("*") if p.suffix in (".jinja", ".json")]
    return {
        "gold": digest(gold.glob("*.json"), root),
        "model": model,
        "prompts": digest(prompts, root),
        "schema": digest((ROOT / "schemas").glob("*.py")),
        "scorer": digest(ROOT / "evals" / f"{name}.py" for name in SCORER),
    }


def baseline_of(report: Json) -> Json:
    """The part of a report that later runs are held against."""
    slices = {k: {"n": v["n"], "f1": v["f1"]} for k, v in report["slices"].items()}
    return {
        "baseline_version": VERSION,
        "hashes": report["hashes"],
        "metrics": report["metrics"],
        "slices": slices,
        "claims": {case["id"]: claim_ranks(case) for case in report["cases"]},
    }


def claim_ranks(case: Json) -> dict[str, str]:
    """How each required gold claim of a case fared: missed, matched or strict."""
    return {
        outcome["gold"]: "strict" if outcome["strict"] else outcome["verdict"]
        for outcome in case["outcomes"]
        if outcome["verdict"] in ("matched", "missed")
    }


def dump(value: Json) -> str:
    """JSON for people and for diffs: sorted, indented, one line end at the end."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def read_baseline(path: Path) -> Json | None:
    """The committed baseline; None if there is none.

    Raises:
        ValueError: it is of another version, or no baseline at all.
    """
    if not path.exists():
        return None
    found = json.loads(path.read_bytes())
    if not isinstance(found, dict) or cast("Json", found).get("baseline_version") != VERSION:
        raise ValueError(f"{path.name} is not a baseline of version {VERSION}")
    return cast("Json", found)


def compare(before: Json, after: Json) -> Comparison:
    """Compare two baselines (see ``baseline_of``): claims and metrics gained and lost."""
    gained, lost = _moves(before["claims"], after["claims"])
    same = before["metrics"].keys() & after["metrics"].keys()
    pairs = {name: (before["metrics"][name], after["metrics"][name]) for name in sorted(same)}
    fallen = [f"{n}: {pairs[n][0]:.3f} → {pairs[n][1]:.3f}" for n in GATED if _fell(pairs.get(n))]
    fallen += _fallen_slices(before["slices"], after["slices"])
    old, new = before["hashes"], after["hashes"]
    changed = tuple(key for key in sorted(old) if old[key] != new.get(key))
    return Comparison(gained, lost, pairs, tuple(fallen), changed)


def _fell(pair: tuple[float, float] | None) -> bool:
    return pair is not None and pair[1] < pair[0]


def _moves(before: Json, after: Json) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Claims that rank higher or lower than before, of the cases that both hold."""
    gained: list[str] = []
    lost: list[str] = []
    for case in sorted(before.keys() & after.keys()):
        for claim in sorted(before[case].keys() & after[case].keys()):
            old, new = before[case][claim], after[case][claim]
            if RANK[old] != RANK[new]:
                (gained if RANK[new] > RANK[old] else lost).append(f"{case}/{claim} {old} → {new}")
    return tuple(gained), tuple(lost)


def _fallen_slices(before: Json, after: Json) -> list[str]:
    """Slices large enough to gate whose F1 fell by more than ``SLICE_SLACK``."""
    large = [k for k in sorted(before.keys() & after.keys()) if before[k]["n"] >= ENOUGH]
    pairs = {k: (before[k]["f1"], after[k]["f1"]) for k in large}
    return [
        f"{k}: {old:.3f} → {new:.3f}" for k, (old, new) in pairs.items() if old - new > SLICE_SLACK
    ]


def thresholds(metrics: Mapping[str, float], minimum: Mapping[str, float]) -> list[Check]:
    """What every run must keep, and what this one was asked to reach."""
    floors = FLOORS | dict(minimum)
    low = [Check(f"{k} ≥ {v:g}", metrics[k] >= v, f"{metrics[k]:g}") for k, v in floors.items()]
    high = [Check(f"{k} ≤ {v:g}", metrics[k] <= v, f"{metrics[k]:g}") for k, v in CEILINGS.items()]
    return low + high


def parse_minimum(texts: Iterable[str], known: Iterable[str]) -> dict[str, float]:
    """``["f1=.6"]`` as ``{"f1": 0.6}``.

    Raises:
        ValueError: no such metric, or no number.
    """
    names, found = sorted(known), dict[str, float]()
    for text in texts:
        name, _, value = text.partition("=")
        if name not in names:
            raise ValueError(f"there is no metric {name!r}: choose one of {', '.join(names)}")
        found[name] = float(value)
    return found


def verdict(
    checks: Iterable[Check], comparison: Comparison | None, missing: bool, errors: bool
) -> Exit:
    """The exit code: the first that applies of missing recordings, errors, thresholds, baseline."""
    if missing:
        return Exit.RECORDING
    if errors:
        return Exit.ERRORS
    if not all(check.passed for check in checks):
        return Exit.THRESHOLD
    return Exit.REGRESSION if comparison and comparison.regressions else Exit.PASS

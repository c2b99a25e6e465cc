"""Print the figures that the embedded model is held to, seeds and written articles apart.

Run it as ``python -m evals.bench.figures``: it replays the recordings, as ``python -m evals`` does.
"""

from collections.abc import Sequence

from evals.bench import shares
from evals.bench.ladder import GROUPS, scored
from evals.bench.pointers import recorded
from evals.bench.shares import Share
from evals.dataset import load_cases
from evals.metrics import summary
from evals.run import segmented
from evals.score import CaseScore

METRICS = ("f1", "strict_f1", "attribution_f1", "grounding", "boilerplate_claims")
SHARES = {
    "figures, value and comparator": shares.figures,
    "times resolved": shares.times,
    "direct quotes, bytes and speaker": shares.quotes,
}


def main() -> None:
    """Score all cases once and print each figure."""
    cases = load_cases(zones=segmented)
    scores = scored(cases, recorded(cases))
    for group in GROUPS:
        print(group)
        _print([score for score in scores if score.group == group])


def _print(scores: Sequence[CaseScore]) -> None:
    values = summary(scores)
    outcomes = [outcome for score in scores for outcome in score.outcomes]
    for name in METRICS:
        print(f"  {name:34}{values[name]:.3f}")
    for name, share in SHARES.items():
        print(f"  {name:34}{_said(share(outcomes))}")


def _said(share: Share) -> str:
    return (
        f"{share.of_found:.3f} of {share.found} found, "
        f"{share.of_expected:.3f} of {share.expected} in gold"
    )


if __name__ == "__main__":
    main()

"""Print what the clauses prompt scores if the model points at nothing: rules and parse alone.

Run it as ``python -m evals.bench.parse_alone``; beside ``python -m evals`` it shows what the
embedded model adds.
"""

import asyncio

from pydantic import JsonValue

from evals.dataset import load_cases
from evals.metrics import summary
from evals.run import run_cases, score_run, segmented
from extractor import Article, Extraction, Settings
from extractor.core import kit_for, walk
from extractor.model import Meter, Model, Question
from prompts import CLAUSES, load_prompt

SHOWN = ("precision", "recall", "f1", "strict_f1", "attribution_f1")


def main() -> None:
    """Score all cases and print the main metrics."""
    runs = run_cases(load_cases(zones=segmented), _extract)
    scores = summary([score_run(run) for run in runs])
    for name in SHOWN:
        print(f"{name} {scores[name]:.3f}")


def _extract(article: Article) -> Extraction:
    model = Model("none", _points_at_nothing, _close)
    return asyncio.run(walk(article, kit_for(Settings(), model, load_prompt(CLAUSES), 1)))


async def _points_at_nothing(question: Question, meter: Meter, deadline: float) -> list[JsonValue]:
    del question, meter, deadline
    return []


async def _close() -> None:
    return None


if __name__ == "__main__":
    main()

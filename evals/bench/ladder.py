"""Print the ladder: what each lever is worth, measured by taking it away.

Run it as ``python -m evals.bench.ladder [WORD…]``; words pick the rows whose names hold one. It
needs no model: the embedded model's pointers come from its recordings, and every row scores all
cases anew. "figures", "times" and "quotes" are shares of the claims found (see ``shares``),
"waste" counts claims from boilerplate.
"""

import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache, partial
from pkgutil import resolve_name
from unittest.mock import patch

from evals.bench import shares
from evals.bench.floor import kept, own_cut, told_cut
from evals.bench.levers import LEVERS, Change
from evals.bench.pointers import Judge, Pointers, everything, recorded, walked
from evals.dataset import Case, load_cases
from evals.metrics import summary
from evals.run import segmented
from evals.score import CaseScore, Outcome, Verdict, score_case
from extractor.ask.clauses import judge
from extractor.rules.quotes import find_quotes, masked
from extractor.rules.telling import told
from extractor.segment import segment
from extractor.syntax import parse, pipeline
from schemas import Origin

METRICS = ("precision", "recall", "f1", "strict_f1", "slot_f1", "attribution_f1")
SHARES = (shares.figures, shares.times, shares.quotes)
HEAD = ("P", "R", "F1", "strict", "slots", "teller", "figures", "times", "quotes", "waste")
GROUPS = ("seeds", "written")
Scores = Sequence[CaseScore]


def main(words: Sequence[str]) -> None:
    """Print the first rungs, a row without each lever, ideas, and what a model could bring."""
    cases = load_cases(zones=segmented)
    with parsed_once():
        pointers = recorded(cases)
        print(f"{'':50}" + "".join(f"{name:>8}" for name in HEAD))
        for name, row in _rows(cases, pointers):
            if not words or any(word in name for word in words):
                _show(name, row())


def _rows(cases: Sequence[Case], pointers: Pointers) -> Iterator[tuple[str, Callable[[], Scores]]]:
    floor = kept(cases)
    asked = [case for case in cases if case.article.text in {text for text, _ in floor}]
    yield "the model's own cut", lambda: scored(asked, floor, own_cut)
    yield "tellers lifted out of it", lambda: scored(asked, floor, told_cut)
    yield "rules and parse, no model", lambda: scored(cases, {})
    yield "as it stands", lambda: scored(cases, pointers)
    for lever in LEVERS:
        yield f"without {lever.name}", partial(scored_with, lever.changes, cases, pointers)
    yield "every open clause taken", lambda: scored(cases, everything(cases))
    yield "of these, gold's alone", lambda: chosen(cases, everything(cases))


def scored_with(changes: Mapping[str, Change], cases: Sequence[Case], pointers: Pointers) -> Scores:
    """The scores with other versions in the place of what ``changes`` names."""
    with changed(changes):
        return scored(cases, pointers)


@contextmanager
def changed(changes: Mapping[str, Change]) -> Generator[None]:
    """Put what each change makes in the place of what it names, and forget what was read."""
    with ExitStack() as stack:
        stack.callback(forget)
        for name, change in changes.items():
            stack.enter_context(patch(name, change(resolve_name(name))))
        forget()
        yield


def forget() -> None:
    """Empty what the extractor remembers of the texts it has read."""
    for cache in (segment, told, parse, find_quotes, masked):
        cache.cache_clear()


@contextmanager
def parsed_once() -> Generator[None]:
    """Parse each passage once for all rows: no lever reaches into the parser itself."""
    parser = lru_cache(maxsize=None)(pipeline())
    with patch("extractor.syntax.pipeline", lambda: parser):
        yield


def scored(cases: Sequence[Case], pointers: Pointers, judge: Judge = judge) -> Scores:
    """The scores of all cases, if the model points so and ``judge`` reads it."""
    return [score_case(case, walked(case.article, pointers, judge).claims) for case in cases]


def chosen(cases: Sequence[Case], pointers: Pointers) -> Scores:
    """As ``scored``, without the claims pointed at that gold does not hold.

    It is the most that any way of choosing among the open clauses could reach.
    """
    found = scored(cases, pointers)
    kept = [[o.claim for o in score.outcomes if o.claim and not _is_wrong(o)] for score in found]
    return [score_case(case, claims) for case, claims in zip(cases, kept, strict=True)]


def _is_wrong(outcome: Outcome) -> bool:
    pointed = outcome.claim and outcome.claim.filled_by.get("predicate") == Origin.MODEL
    return outcome.verdict == Verdict.FALSE_ALARM and bool(pointed)


def _show(name: str, scores: Scores) -> None:
    for group in GROUPS:
        own = [score for score in scores if score.group == group]
        if not own:
            continue
        values = summary(own)
        outcomes = [outcome for score in own for outcome in score.outcomes]
        figures = [values[metric] for metric in METRICS]
        figures += [share(outcomes).of_found for share in SHARES]
        cells = "".join(f"{figure:8.3f}" for figure in figures)
        print(f"{name:42}{group:8}{cells}{values['boilerplate_claims']:8.0f}", flush=True)
        name = ""


if __name__ == "__main__":
    main(sys.argv[1:])

"""One self-contained HTML page: each article with gold and predicted spans side by side."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from evals.gate import Check, Comparison
from evals.run import CaseRun
from evals.score import CaseScore, Outcome, Verdict
from evals.summaries import CAVEAT, UNLISTED, lists, run_line, tables, unlisted
from schemas import Span

TEMPLATES = Path(__file__).parent / "templates"
WORST_FIRST = ("missed", "false_alarm", "matched", "strict", "optional")


@dataclass(frozen=True)
class Mark:
    """Where a claim's evidence stands, how the claim fared, and the name of its row."""

    start: int
    end: int
    state: str
    row: str


@dataclass(frozen=True)
class Piece:
    """A stretch of a line that the same claims rest on.

    ``state`` is that of the claim that fared worst; empty where no claim rests. ``ends``: number,
    row and state of the claims whose evidence ends here.
    """

    text: str
    state: str
    ends: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True)
class Line:
    """One line of the article, twice: as gold marks it and as the extractor does."""

    gold: tuple[Piece, ...]
    found: tuple[Piece, ...]


def page(
    report: Mapping[str, Any],
    runs: Sequence[CaseRun],
    scores: Sequence[CaseScore],
    checks: Sequence[Check],
    comparison: Comparison | None,
) -> str:
    """The page as HTML. All text is escaped; nothing is loaded from elsewhere."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja").render(
        report=report,
        line=run_line(dict(report)),
        caveat=CAVEAT,
        tables=tables(dict(report), comparison),
        lists=[(t, items) for t, items in lists(dict(report), checks, comparison) if items],
        unlisted=(UNLISTED, unlisted(dict(report))),
        cases=[_case(run, score) for run, score in zip(runs, scores, strict=True)],
    )


def _case(run: CaseRun, score: CaseScore) -> dict[str, object]:
    rows = [(f"{score.case}-{n}", o) for n, o in enumerate(score.outcomes, start=1)]
    text = run.case.article.text
    gold = [m for row, o in rows if o.gold for m in _marks(row, o, o.gold.evidence[0])]
    found = [m for row, o in rows if o.claim for m in _marks(row, o, o.claim.evidence)]
    lines = [
        Line(tuple(pieces(text, s, e, gold)), tuple(pieces(text, s, e, found)))
        for s, e in _lines(text)
    ]
    tally = {v.value: sum(o.verdict == v for _, o in rows) for v in Verdict}
    return {
        "id": score.case,
        "run": run,
        "lines": lines,
        "tally": tally,
        "rows": [(row, state(o), o, _flaws(o)) for row, o in rows],
    }


def state(outcome: Outcome) -> str:
    """How an outcome is shown: its verdict, or strict where every core slot is right."""
    return "strict" if outcome.strict else outcome.verdict.value


def _flaws(outcome: Outcome) -> list[tuple[str, str]]:
    """The slots of a matched claim that are not correct."""
    if not (outcome.gold and outcome.claim):
        return []
    return [(slot, grade) for slot, grade in sorted(outcome.grades.items()) if grade != "correct"]


def _marks(row: str, outcome: Outcome, spans: Iterable[Span]) -> Iterator[Mark]:
    for span in spans:
        yield Mark(span.start, span.end, state(outcome), row)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Offsets of the lines of ``text`` that hold anything."""
    at = 0
    for line in text.split("\n"):
        if line.strip():
            yield at, at + len(line)
        at += len(line) + 1


def pieces(text: str, start: int, end: int, marks: Iterable[Mark]) -> Iterator[Piece]:
    """``text[start:end]`` cut wherever a mark begins or ends; joined again it is that slice."""
    inside = [m for m in marks if m.start < end and start < m.end]
    edges = {start, end, *(max(m.start, start) for m in inside), *(min(m.end, end) for m in inside)}
    cuts = sorted(edges)
    for left, right in pairwise(cuts):
        here = [m for m in inside if m.start < right and left < m.end]
        states = {m.state for m in here}
        worst = next((s for s in WORST_FIRST if s in states), "")
        done = {(_number(m.row), m.row, m.state) for m in here if min(m.end, end) == right}
        ends = tuple(sorted(done))
        yield Piece(text[left:right], worst, ends)


def _number(row: str) -> int:
    return int(row.rsplit("-", 1)[1])

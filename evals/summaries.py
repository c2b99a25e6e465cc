"""A report for people and for CI: console, Markdown, JUnit."""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evals.gate import Check, Comparison
from evals.metrics import ENOUGH

Json = dict[str, Any]
Rows = list[tuple[str, ...]]

UNFIT = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
BLOATED = 1.5
UNLISTED = "Grounded, but not in gold: the gold may be incomplete"
CAVEAT = (
    "Intervals: 95 % bootstrap by paragraph. A few articles detect breakage; they do not rank "
    "prompts or models."
)


def metric_rows(report: Json, comparison: Comparison | None) -> Rows:
    """Metric, value, interval, and the value of the baseline."""
    before = (comparison or Comparison()).metrics
    return [
        (
            name,
            f"{value:.3f}",
            _interval(report["intervals"].get(name)),
            f"{before[name][0]:.3f}" if name in before else "",
        )
        for name, value in report["metrics"].items()
    ]


def slice_rows(report: Json) -> Rows:
    """Slice, n, F1, interval, strict F1; slices too small to gate are marked."""
    return [
        (
            name,
            f"{s['n']:.0f}" + ("" if s["n"] >= ENOUGH else "*"),
            f"{s['f1']:.3f}",
            _interval((s["low"], s["high"])),
            f"{s['strict_f1']:.3f}",
        )
        for name, s in report["slices"].items()
    ]


def _interval(ends: Sequence[float] | None) -> str:
    return f"{ends[0]:.2f}–{ends[1]:.2f}" if ends else ""


def run_line(report: Json) -> str:
    """What the run was and what it used, on one line."""
    run = report["run"]
    cost = "unknown" if run["cost_usd"] is None else f"${run['cost_usd']:.4f}"
    summed = " (calls that ran side by side, added up)" if report["mode"] == "replay" else ""
    first = run["first_try_validity"]
    valid = "" if first is None else f", {first:.1%} valid at the first try"
    return (
        f"{report['mode']} of {report['model']}: {len(report['cases'])} cases, {run['errors']} "
        f"errors, {run['calls']} calls ({run['retries']} retries{valid}), "
        f"{run['input_tokens']} tokens in, {run['output_tokens']} out, "
        f"cost {cost}, seconds a case p50 {run['seconds_p50']:g}, p95 {run['seconds_p95']:g}"
        f"{summed}"
    )


def spread_rows(report: Json) -> Rows:
    """Metric, mean, lowest and highest over the trials; empty for one trial."""
    if not report["spread"]:
        return []
    rows = report["spread"]["metrics"].items()
    flips = ("flip_rate", f"{report['spread']['flip_rate']:.3f}", "", "")
    return [*((n, *(f"{s[k]:.3f}" for k in ("mean", "min", "max"))) for n, s in rows), flips]


METRICS = ("metric", "value", "interval", "baseline")
SLICES = ("slice", "n", "f1", "interval", "strict f1")
TRIALS = ("over trials", "mean", "min", "max")


def tables(report: Json, comparison: Comparison | None) -> list[tuple[tuple[str, ...], Rows]]:
    """All tables of a report: their heads and rows; empty ones left out."""
    slots = [(name, f"{value:.3f}") for name, value in report["slots"].items()]
    every = [
        (METRICS, metric_rows(report, comparison)),
        (("slot", "f1"), slots),
        (SLICES, slice_rows(report)),
        (TRIALS, spread_rows(report)),
    ]
    return [(head, rows) for head, rows in every if rows]


def lists(
    report: Json, checks: Iterable[Check], comparison: Comparison | None
) -> list[tuple[str, list[str]]]:
    """What a reader must see by name: failures, errors, claims gained and lost."""
    found = comparison or Comparison()
    return [
        ("Failed checks", [f"{c.name}: {c.detail}" for c in checks if not c.passed]),
        ("Errors", [f"{c['id']}: {c['error']}" for c in report["cases"] if c["error"]]),
        ("Regressions", list(found.regressions)),
        ("Claims lost", list(found.lost)),
        ("Claims gained", list(found.gained)),
        ("Warnings", warnings(report)),
        ("Not the same as in the baseline", list(found.changed)),
    ]


def warnings(report: Json) -> list[str]:
    """What does not gate and should still be seen."""
    bloat = report["metrics"]["evidence_bloat"]
    if bloat <= BLOATED:
        return []
    return [f"evidence_bloat: {bloat:.2f} words of evidence for each of gold's (over {BLOATED})"]


def unlisted(report: Json) -> list[str]:
    """Claims that their evidence supports and gold does not hold: the gold may be incomplete."""
    return [
        f"{case['id']}: {outcome['found']}"
        for case in report["cases"]
        for outcome in case["outcomes"]
        if outcome["verdict"] == "false_alarm" and outcome["grounded"]
    ]


def show(
    console: Console, report: Json, checks: Sequence[Check], comparison: Comparison | None
) -> None:
    """Print a report."""
    for head, rows in tables(report, comparison):
        table = Table(*head)
        for row in rows:
            table.add_row(*map(escape, row))
        console.print(table)
    for title, items in lists(report, checks, comparison):
        if items:
            console.print(f"[bold]{title}[/bold]")
            console.print("\n".join(f"  {escape(item)}" for item in items))
    if items := unlisted(report):
        console.print(f"{UNLISTED}: {len(items)} claims, listed in the reports.")
    console.print(escape(f"{run_line(report)}\n{CAVEAT} * below {ENOUGH}: never gates."))


def markdown(report: Json, checks: Sequence[Check], comparison: Comparison | None) -> str:
    """The report for a pull request."""
    parts = ["## Evals", _cell(run_line(report)), CAVEAT]
    parts += [
        f"### {title}\n\n" + "\n".join(f"- {_cell(item)}" for item in items)
        for title, items in lists(report, checks, comparison)
        if items
    ]
    parts += [_table(head, rows) for head, rows in tables(report, comparison)]
    if items := unlisted(report):
        parts.append(f"### {UNLISTED}\n\n" + "\n".join(f"- {_cell(item)}" for item in items))
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    """Text that cannot end a cell, start markup or raw HTML."""
    flat = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;")
    for mark in "\\|>`*_[]":
        flat = flat.replace(mark, f"\\{mark}")
    return flat


def junit(report: Json, checks: Sequence[Check], comparison: Comparison | None) -> str:
    """JUnit XML: checks and regressions, then each case's gold claims.

    A claim lost against the baseline is a failure; one that was never found is skipped.
    """
    root = Element("testsuites")
    _suite(root, "checks", [(c.name, None if c.passed else "failure", c.detail) for c in checks])
    fallen = comparison.regressions if comparison else ()
    _suite(root, "baseline", [(r.split(":")[0], "failure", r) for r in fallen])
    lost = {item.split(" ")[0] for item in comparison.lost} if comparison else set[str]()
    for case in report["cases"]:
        _suite(root, case["id"], [_test(case, o, lost) for o in case["outcomes"] if o["gold"]])
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _test(case: Json, outcome: Json, lost: set[str]) -> tuple[str, str | None, str]:
    if f"{case['id']}/{outcome['gold']}" in lost:
        return outcome["gold"], "failure", f"lost: {outcome['expected']}"
    missed = outcome["verdict"] == "missed"
    return outcome["gold"], "skipped" if missed else None, outcome["expected"]


def _suite(root: Element, name: str, tests: list[tuple[str, str | None, str]]) -> None:
    failures = sum(state == "failure" for _, state, _ in tests)
    skipped = sum(state == "skipped" for _, state, _ in tests)
    totals = {"tests": len(tests), "failures": failures, "skipped": skipped}
    numbers = {key: str(value) for key, value in totals.items()}
    suite = SubElement(root, "testsuite", {"name": _xml(name), **numbers})
    for test, state, message in tests:
        element = SubElement(suite, "testcase", {"name": _xml(test), "classname": _xml(name)})
        if state:
            SubElement(element, state, {"message": _xml(message)})


def _xml(text: str) -> str:
    """``text`` without the characters that XML cannot hold."""
    return UNFIT.sub("", text)

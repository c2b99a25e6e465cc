"""The ``python -m evals`` command."""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evals import gate, reference
from evals.agreement import PASSES, agreements
from evals.check import check as check_gold
from evals.dataset import load_cases
from evals.evaluate import OUT, Mode, Options, evaluate
from evals.gate import Exit
from evals.metrics import summary
from evals.run import segmented
from evals.score import score_case
from evals.worksheet import worksheet
from extractor import ExtractorError

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Score the extractor against hand-labelled gold.",
)
console = Console()


@contextmanager
def _exit_2() -> Generator[None]:
    """Turn what the caller can mend into one line and exit code 2."""
    try:
        yield
    except (ExtractorError, OSError, ValueError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        raise typer.Exit(Exit.CONFIG) from error


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    mode: Annotated[Mode, typer.Option(help="Where the model's answers come from.")] = Mode.REPLAY,
    model: Annotated[str, typer.Option(help="The embedded model, or a hosted one.")] = "local",
    trials: Annotated[int, typer.Option(min=1, max=100, help="Run all cases so often.")] = 1,
    only: Annotated[list[str] | None, typer.Option(help="Cases whose id begins so.")] = None,
    group: Annotated[str | None, typer.Option("--slice", help="seeds or written.")] = None,
    minimum: Annotated[
        list[str] | None, typer.Option("--min", help="A metric's floor, such as f1=.6.")
    ] = None,
    update_baseline: Annotated[bool, typer.Option("--update-baseline")] = False,
    max_cost: Annotated[float | None, typer.Option(min=0, help="US dollars.")] = None,
    max_errors: Annotated[int, typer.Option(min=0, help="Cases that may fail.")] = 0,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Articles at once.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for the reports.")] = OUT,
) -> None:
    """Run the cases and judge the result.

    Exit codes: 0 pass, 1 threshold missed, 2 usage, configuration or gold invalid, 3 regression,
    4 recording missing or stale, 5 too many extraction errors.
    """
    if context.invoked_subcommand:
        return
    if update_baseline and (only or group or mode == Mode.LIVE):
        raise typer.BadParameter("a baseline needs all cases, from recordings")
    options = Options(
        mode=mode,
        model=model,
        trials=trials,
        only=tuple(only or ()),
        group=group,
        minimum=tuple(minimum or ()),
        update_baseline=update_baseline,
        max_cost=max_cost,
        max_errors=max_errors,
        concurrency=concurrency,
        out=out,
    )
    with _exit_2():
        code = evaluate(options, console)
    raise typer.Exit(code)


@app.command()
def diff(a: Path, b: Path) -> None:
    """Compare two report.json: metrics, and claims gained and lost from A to B."""
    with _exit_2():
        before, after = (gate.baseline_of(json.loads(path.read_bytes())) for path in (a, b))
        found = gate.compare(before, after)
    table = Table("metric", str(a), str(b))
    for name, (old, new) in found.metrics.items():
        if old != new:
            table.add_row(name, f"{old:.3f}", f"{new:.3f}")
    console.print(table)
    for title, items in (
        ("lost", found.lost),
        ("gained", found.gained),
        ("not the same", found.changed),
    ):
        for item in items:
            console.print(escape(f"{title}: {item}"))


@app.command()
def agreement(folder: Path = PASSES) -> None:
    """Print how far the two labelling passes agree."""
    with _exit_2():
        found = agreements(folder)
    table = Table()
    table.add_column("article", no_wrap=True)
    for head in ("claims a", "claims b", "claim F1", "κ kind", "κ certainty", "κ negated"):
        table.add_column(head)
    for each in found:
        kappas = ["–" if k is None else f"{k:.2f}" for k in each.kappa.values()]
        table.add_row(each.article, *map(str, each.claims), f"{each.f1:.3f}", *kappas)
    console.print(table)


@app.command()
def label(article: Path) -> None:
    """Print a worksheet for labelling: numbered sentences, and nothing that a model said."""
    with _exit_2():
        print(worksheet(article))


@app.command()
def check() -> None:
    """Validate the gold; exit 2 and name each problem if there is one."""
    problems = check_gold(zones=segmented)
    for problem in problems:
        print(problem)
    raise typer.Exit(Exit.CONFIG if problems else Exit.PASS)


@app.command()
def references() -> None:
    """Score the reference extractors, which bound the scale from below, and the perfect one."""
    with _exit_2():
        cases = load_cases(zones=segmented)
    table = Table("extractor", *(shown := ("precision", "recall", "f1", "strict_f1", "slot_f1")))
    for name, extract in reference.REFERENCES.items():
        values = summary([score_case(case, extract(case.article).claims) for case in cases])
        table.add_row(name, *(f"{values[metric]:.3f}" for metric in shown))
    perfect = summary([score_case(case, reference.perfect(case).claims) for case in cases])
    table.add_row("perfect", *(f"{perfect[metric]:.3f}" for metric in shown))
    console.print(table)

"""One run from gold to exit code."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from evals import gate, report, summaries
from evals.check import check
from evals.dataset import GOLD, ROOT, Case, load_cases, select
from evals.gate import Check, Comparison, Exit
from evals.metrics import summary
from evals.page import page
from evals.recording import RECORDINGS, Tape, read_recordings, serving, write_recordings
from evals.run import (
    GOOD,
    Budget,
    CaseRun,
    Extract,
    live,
    on_tape,
    run_cases,
    score_run,
    segmented,
    settings_for,
    upstream,
    wire_name,
)
from evals.score import CaseScore
from extractor import Settings
from schemas import Article, Extraction

Json = dict[str, Any]
OUT = ROOT / "evals" / "out"


class Mode(StrEnum):
    """Where answers come from: recordings, the model, or the model while it is recorded."""

    REPLAY = "replay"
    LIVE = "live"
    RECORD = "record"


@dataclass(frozen=True)
class Options:
    """What a run was asked for; paths can be moved for tests."""

    mode: Mode = Mode.REPLAY
    model: str = "local"
    trials: int = 1
    only: tuple[str, ...] = ()
    group: str | None = None
    minimum: tuple[str, ...] = ()
    update_baseline: bool = False
    max_cost: float | None = None
    max_errors: int = 0
    concurrency: int = 1
    out: Path = OUT
    root: Path = ROOT
    gold: Path = GOLD
    baseline: Path = gate.BASELINE
    recordings: Path = RECORDINGS

    @property
    def partial(self) -> bool:
        """True if not all cases were asked for: such a run neither gates nor makes a baseline."""
        return bool(self.only or self.group)


@dataclass(frozen=True)
class Gathered:
    """All trials, the seconds of each case, and the cases that lacked a recording."""

    trials: Sequence[Sequence[CaseRun]]
    seconds: Sequence[float]
    missing: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()


Gather = Callable[[Options, Settings, Sequence[Case]], Gathered]


def evaluate(options: Options, console: Console, gather: Gather | None = None) -> Exit:
    """Check the gold, run the cases, score, report, judge. ``gather`` runs them, if not the model.

    Raises:
        ExtractorError, OSError, ValueError: configuration, baseline or recordings are unusable.
    """
    minimum = gate.parse_minimum(options.minimum, summary(()))
    before = gate.read_baseline(options.baseline)
    problems = check(options.gold, options.root, segmented, options.root / "prompts")
    cases = [] if problems else _cases(options)
    if problems or not cases:
        _say(console, "The gold is not valid", problems or ["no case was selected"])
        return Exit.CONFIG
    settings = settings_for(options.model, options.mode == Mode.REPLAY)
    gathered = (gather or run_trials)(options, settings, cases)
    _say(console, "Recordings that nothing asked for: run --mode record", gathered.stale)
    if gathered.missing:
        _say(console, "Recordings are missing or stale: run --mode record", gathered.missing)
        return Exit.RECORDING
    scores = [[score_run(run) for run in trial] for trial in gathered.trials]
    made = _report(options, settings, gathered, scores)
    checks = gate.thresholds(made["metrics"], minimum)
    comparison = _compared(options, before, made)
    write(options.out, made, gathered.trials[0], scores[0], checks, comparison)
    summaries.show(console, made, checks, comparison)
    return _judged(options, console, made, checks, comparison)


def _cases(options: Options) -> list[Case]:
    every = load_cases(options.gold, options.root, segmented)
    return list(select(every, options.only, options.group))


def _say(console: Console, title: str, items: Sequence[str]) -> None:
    if items:
        console.print(f"[bold]{escape(title)}[/bold]")
        console.print("\n".join(f"  {escape(item)}" for item in items))


def _report(
    options: Options,
    settings: Settings,
    gathered: Gathered,
    scores: Sequence[Sequence[CaseScore]],
) -> Json:
    model = wire_name(settings)
    hashes = gate.hashes(model, options.gold, options.root)
    meta = {"mode": options.mode.value, "model": model, "hashes": hashes}
    return report.build(gathered.trials, scores, gathered.seconds, meta)


def run_trials(options: Options, settings: Settings, cases: Sequence[Case]) -> Gathered:
    """Run all trials of all cases.

    Raises:
        ConfigError: the model cannot be had.
    """
    if options.mode == Mode.LIVE:
        with live(settings) as extractor:
            trials = _trials(options, cases, lambda _: extractor.extract)
        return Gathered(trials, [run.seconds for run in trials[0]])
    model, tape = wire_name(settings), _tape(options, settings, cases)
    with serving(tape) as url:

        def extract(trial: int) -> Extract:
            taped = on_tape(settings, lambda case: url(case, trial))
            return _kept(taped, tape, model, options.recordings) if tape.send else taped

        trials = _trials(options, cases, extract)
    seconds = [round(tape.seconds(case.id) / len(trials), 3) for case in cases]
    stale = () if options.trials > 1 or tape.send else tuple(tape.stale())
    return Gathered(trials, seconds, tuple(sorted(tape.missing)), stale)


def _trials(
    options: Options, cases: Sequence[Case], extract: Callable[[int], Extract]
) -> list[list[CaseRun]]:
    budget = Budget(options.max_cost)
    return [
        run_cases(cases, extract(trial), options.concurrency, budget)
        for trial in range(options.trials)
    ]


def _tape(options: Options, settings: Settings, cases: Sequence[Case]) -> Tape:
    if options.mode == Mode.RECORD:
        return Tape({}, upstream(settings))
    model = wire_name(settings)
    return Tape({case.id: read_recordings(model, case.id, options.recordings) for case in cases})


def _kept(extract: Extract, tape: Tape, model: str, folder: Path) -> Extract:
    """``extract``, with its recordings written as soon as a case is done: an answer costs."""

    def kept(article: Article) -> Extraction:
        extraction = extract(article)
        if extraction.status in GOOD:
            case = article.id or ""
            write_recordings(model, case, tape.recordings.get(case, {}), folder)
        return extraction

    return kept


def _compared(options: Options, before: Json | None, made: Json) -> Comparison | None:
    """The run against the baseline. What cannot be compared, or varies by itself, never gates."""
    if before is None or before["hashes"]["model"] != made["model"]:
        return None
    comparison = gate.compare(before, gate.baseline_of(made))
    if options.partial:
        return replace(comparison, metrics={}, regressions=())
    if options.mode == Mode.LIVE or options.update_baseline:
        return replace(comparison, regressions=())
    return comparison


def _judged(
    options: Options,
    console: Console,
    made: Json,
    checks: Sequence[Check],
    comparison: Comparison | None,
) -> Exit:
    errors = made["run"]["errors"] > options.max_errors
    foreign = {"gold", "scorer"} & set(comparison.changed if comparison else ())
    if foreign and not options.update_baseline and not options.partial:
        _say(
            console, "The baseline is of other gold or scoring: --update-baseline", sorted(foreign)
        )
        return Exit.CONFIG
    code = gate.verdict(checks, comparison, missing=False, errors=errors)
    if options.update_baseline and code == Exit.PASS:
        options.baseline.write_text(gate.dump(gate.baseline_of(made)), encoding="utf-8")
    return code


def write(
    out: Path,
    made: Json,
    runs: Sequence[CaseRun],
    scores: Sequence[CaseScore],
    checks: Sequence[Check],
    comparison: Comparison | None,
) -> None:
    """Write all reports to ``out``, and the Markdown to ``$GITHUB_STEP_SUMMARY`` if it is set."""
    text = summaries.markdown(made, checks, comparison)
    files = {
        "report.json": gate.dump(made),
        "junit.xml": summaries.junit(made, checks, comparison),
        "report.md": text,
        "report.html": page(made, runs, scores, checks, comparison),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content.encode("utf-8", "replace"))
    if step := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(step).open("a", encoding="utf-8") as file:
            file.write(text)

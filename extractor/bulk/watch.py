"""A backfill's progress: a bar on a terminal, a plain line now and then elsewhere."""

import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from extractor.bulk.stop import Stop
from extractor.bulk.tally import Tally
from extractor.table import counted

SECONDS_BETWEEN_LINES = 30.0
SECONDS_BETWEEN_LOOKS = 0.5
Paused = Callable[[], float]


@contextmanager
def watched(tally: Tally, stop: Stop, paused: Paused) -> Generator[None]:
    """Within, the progress is shown on standard error. ``paused()`` gives seconds still to wait."""
    console = Console(stderr=True)
    over = threading.Event()
    show = _bar if console.is_terminal else _lines
    teller = threading.Thread(target=show, args=(console, tally, stop, paused, over), daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _bar(console: Console, tally: Tally, stop: Stop, paused: Paused, over: threading.Event) -> None:
    columns = (
        TextColumn("backfill"),
        BarColumn(),
        TextColumn("{task.fields[told]}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bar:
        task = bar.add_task("", total=tally.total, told="")
        while not over.wait(SECONDS_BETWEEN_LOOKS):
            told = f"{count_of(tally)}, {state_of(tally, stop, paused())}"
            bar.update(task, completed=tally.settled, told=told)


def _lines(
    console: Console, tally: Tally, stop: Stop, paused: Paused, over: threading.Event
) -> None:
    del console
    while not over.wait(SECONDS_BETWEEN_LINES):
        left = tally.seconds_left
        eta = f", about {duration(left)} left" if left is not None else ""
        line = f"backfill: {count_of(tally)}, {state_of(tally, stop, paused())}{eta}"
        print(line, file=sys.stderr, flush=True)


def count_of(tally: Tally) -> str:
    """Such as "1,200 of 10,000 inputs"; without an end where none is known."""
    if tally.total is None:
        return counted(tally.settled, "input")
    return f"{tally.settled:,} of {counted(tally.total, 'input')}"


def state_of(tally: Tally, stop: Stop, paused: float) -> str:
    """Pace, dead letters, tokens and cost; and why it waits, if it does."""
    said = [f"{tally.pace:.1f}/s", f"{tally.input_tokens + tally.output_tokens:,} tokens"]
    said += [f"{tally.dead:,} dead"] if tally.dead else []
    said += [f"${tally.cost:,.4f}"] if tally.cost else []
    said += [tally.note] if tally.note else []
    if stop:
        said.append("finishing what is under way")
    elif paused > 1:
        said.append(f"the server asked for a pause of {duration(paused)}")
    return ", ".join(said)


def duration(seconds: float) -> str:
    """Such as "45 s", "3 min 5 s" or "2 h 10 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"

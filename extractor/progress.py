"""How far an extraction is: a bar on a terminal, a plain line now and then elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import (
    BarColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as Bar,
)

from extractor.core import Progress, Report
from extractor.table import counted
from schemas import Claim

SECONDS_BETWEEN_LINES = 30.0
Show = Callable[[tuple[Claim, ...]], None]


@dataclass
class Tally:
    """What has been reported so far."""

    done: int = 0
    total: int = 0
    claims: int = 0
    began: float = field(default_factory=time.monotonic)

    def add(self, progress: Progress) -> None:
        """Count one more report."""
        self.done, self.total = max(self.done, progress.done), progress.total
        self.claims += len(progress.claims)

    def __str__(self) -> str:
        seconds = time.monotonic() - self.began
        if not self.done:
            return f"starting the model, {seconds:.0f} s"
        left = seconds / self.done * (self.total - self.done)
        return (
            f"{self.done} of {counted(self.total, 'part')} done, "
            f"{counted(self.claims, 'claim')}, {seconds:.0f} s, about {left:.0f} s left"
        )


@contextmanager
def watched(name: str, show: Show) -> Generator[Report]:
    """Within, the report to hand to ``extract``; ``show`` gets the claims as they are found."""
    console = Console(stderr=True)
    with _bar(console, name, show) if console.is_terminal else _lines(name, show) as report:
        yield report


@contextmanager
def _bar(console: Console, name: str, show: Show) -> Generator[Report]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[told]}", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    # Standard output is left alone: it may go to a file while the bar is on the terminal.
    bar = Bar(
        *columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False
    )
    task = bar.add_task(name, total=None, told="starting the model")
    tally = Tally()

    def report(progress: Progress) -> None:
        tally.add(progress)
        bar.stop()  # takes the bar away, so that the claims stand above it
        show(progress.claims)
        bar.start()
        bar.update(
            task, total=tally.total, completed=tally.done, told=counted(tally.claims, "claim")
        )

    with bar:
        yield report


@contextmanager
def _lines(name: str, show: Show) -> Generator[Report]:
    tally, over = Tally(), threading.Event()

    def report(progress: Progress) -> None:
        tally.add(progress)
        show(progress.claims)

    def tell() -> None:
        while not over.wait(SECONDS_BETWEEN_LINES):
            print(f"{name}: {tally}", file=sys.stderr, flush=True)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield report
    finally:
        over.set()
        teller.join()

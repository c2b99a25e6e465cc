"""Kill a backfill again and again: ``python -m evals.bench.kills --articles 10000 --kills 20``.

The command runs in a process of its own against a fast server in another. It is killed (SIGKILL) at
random moments, but not before it has committed something; after each kill the ledger is checked.
Then it may finish. Exit code 1 if anything is lost, done twice or paid for beyond the bound.
"""

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from evals.bench.answering import Server, answering, text
from extractor.bulk.pool import COMMIT_ROWS

CONCURRENCY = 64
BOUND = CONCURRENCY + COMMIT_ROWS  # calls that one kill may cost
LONGEST_WAIT = 120.0  # seconds, for one commit or for the end
LOOK = 0.02


@dataclass(frozen=True)
class Options:
    """What to run; ``seconds`` is the most that a process lives after its first commit."""

    articles: int
    kills: int
    seconds: float
    latency: float
    workers: int
    seed: int


@dataclass
class Found:
    """What was seen: kills, answers paid for twice after each, and ledgers that were damaged."""

    kills: int = 0
    again: list[int] = field(default_factory=list[int])
    broken: int = 0


class Run:
    """One backfill in a folder: its input, its output, its ledger, and the server that it asks."""

    def __init__(self, folder: Path, server: Server, options: Options) -> None:
        self.source, self.output = folder / "in.jsonl", folder / "out.jsonl"
        self.ledger = folder / "out.jsonl.ledger"
        self.server, self.options = server, options
        with self.source.open("w") as file:
            file.writelines(
                json.dumps({"id": str(n), "text": text(n)}) + "\n" for n in range(options.articles)
            )

    def start(self) -> subprocess.Popen[bytes]:
        """The command, in a process of its own."""
        program = "from extractor.cli import app; app()"
        named = {"concurrency": CONCURRENCY, "workers": self.options.workers, "model": "bench"}
        named |= {"base-url": self.server.url}
        words = [word for name, value in named.items() for word in (f"--{name}", str(value))]
        command = [sys.executable, "-c", program, "backfill", self.source, self.output, *words]
        return subprocess.Popen(  # noqa: S603  this very package
            command, stdout=subprocess.PIPE, env=os.environ | {"OPENAI_API_KEY": "k"}
        )

    def changes(self) -> int:
        """Grows with each commit; the ledger itself is locked while it is in use."""
        wal = self.ledger.with_name(self.ledger.name + "-wal")
        return sum(path.stat().st_mtime_ns for path in (wal, self.ledger) if path.exists())

    def kept(self) -> int:
        """Results in the ledger, which must not be in use.

        Raises:
            ValueError: the ledger is damaged.
        """
        with closing(sqlite3.connect(self.ledger)) as file:
            if file.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                raise ValueError("integrity_check")
            return file.execute("SELECT count(*) FROM results").fetchone()[0]

    def paid_again(self) -> int:
        """Answers that were served beyond the first for the same question."""
        stats = self.server.stats()
        return stats["served"] - stats["distinct"]


def kill_once(run: Run, chance: random.Random, found: Found) -> bool:
    """Start, wait for a commit, wait a little more, kill; false if it finished before that."""
    kept, served = run.kept() if run.ledger.exists() else 0, run.server.stats()["served"]
    process = run.start()
    try:
        _await_commit(run, process, served)
        time.sleep(chance.uniform(0, run.options.seconds))
    finally:
        process.kill()
        process.communicate()
    if process.returncode == 0:
        return False
    try:
        now = run.kept()
    except (ValueError, sqlite3.Error):
        found.broken += 1
        return True
    return now > kept


def _await_commit(run: Run, process: subprocess.Popen[bytes], served: int) -> None:
    """Wait until something was answered and the ledger was written to after that."""
    end = time.monotonic() + LONGEST_WAIT
    while process.poll() is None and run.server.stats()["served"] < served + CONCURRENCY:
        _pause(end)
    before = run.changes()
    while process.poll() is None and run.changes() == before:
        _pause(end)


def _pause(end: float) -> None:
    if time.monotonic() > end:
        raise TimeoutError("the backfill commits nothing")
    time.sleep(LOOK)


def killed(run: Run) -> Found:
    """Kill as often as was asked for; a process that had committed nothing does not count."""
    chance, found = random.Random(run.options.seed), Found()  # noqa: S311
    for _ in range(3 * run.options.kills):
        if found.kills == run.options.kills:
            break
        found.kills += kill_once(run, chance, found)
        # Of the kill before: what it has cost is known when the next run has asked again.
        found.again.append(run.paid_again())
    return found


def finished(run: Run) -> float:
    """Let it finish; how many seconds that took."""
    began = time.monotonic()
    process = run.start()
    out, _ = process.communicate(timeout=600)
    print(out.decode().splitlines()[0], flush=True)
    return time.monotonic() - began


def judged(run: Run, found: Found, seconds: float) -> bool:
    """Print the figures; true if all hold."""
    lines = run.output.read_bytes().splitlines() if run.output.exists() else []
    ids = Counter(json.loads(line)["article"]["id"] for line in lines)
    in_order = list(ids) == [str(n) for n in range(run.options.articles)]
    lost, twice = run.options.articles - len(ids), ids.total() - len(ids)
    again = _steps([*found.again, run.paid_again()])
    figures = {
        "kills": f"{found.kills} of {run.options.kills}, ledgers damaged: {found.broken}",
        "complete": f"{len(ids):,} of {run.options.articles:,}, in order: {in_order}",
        "lost": f"{lost:,}",
        "duplicated": f"{twice:,}",
        "paid again": f"{sum(again):,}: {max(again, default=0)} at most a kill (bound {BOUND})",
        "last run": f"{seconds:.1f} s",
    }
    for name, value in figures.items():
        print(f"{name:12}{value}")
    is_whole = in_order and not (lost or twice or found.broken)
    return is_whole and found.kills == run.options.kills and max(again, default=0) <= BOUND


def _steps(totals: Sequence[int]) -> list[int]:
    return [after - before for before, after in zip([0, *totals], totals, strict=False)]


def main(given: Sequence[str] | None = None) -> bool:
    """Run the benchmark with the command's options; true if all figures hold."""
    options = _options(given)
    lifetime = LONGEST_WAIT * (options.kills + 5)
    with (
        tempfile.TemporaryDirectory() as folder,
        answering(latency=options.latency, lifetime=lifetime) as server,
    ):
        run = Run(Path(folder), server, options)
        found = killed(run)
        return judged(run, found, finished(run))


def _options(given: Sequence[str] | None) -> Options:
    asked = argparse.ArgumentParser(description="Kill a backfill again and again.")
    asked.add_argument("--articles", type=int, default=10_000)
    asked.add_argument("--kills", type=int, default=20)
    asked.add_argument("--seconds", type=float, default=3.0, help="longest life after a commit")
    asked.add_argument("--latency", type=float, default=0.05)
    asked.add_argument("--workers", type=int, default=1)
    asked.add_argument("--seed", type=int, default=1)
    return Options(**vars(asked.parse_args(given)))


if __name__ == "__main__":
    sys.exit(not main())

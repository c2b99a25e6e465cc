"""A backfill of very many inputs, without a model: ``python -m evals.bench.volume``.

Inputs, pool, ledger and output are the real ones; what settles an article is made up and takes no
time. A tenth of the inputs comes first, in a process of its own like the whole, to see whether the
memory grows with their number. Exit code 1 if a goal is missed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest.mock import patch

from evals.bench.answering import text
from extractor import Settings, backfill
from extractor.bulk.ledger import Dead, Done
from extractor.bulk.outcome import Settle, Settled
from schemas import Article, Usage

MOST_MEMORY = 300.0  # MB
MOST_GROWTH = 1.2  # times the memory that a tenth of the inputs takes
LONGEST_SCAN = 60.0  # seconds to find that a million inputs are done
MILLION = 1_000_000
EVERY = 50  # of so many texts one is refused, and one is a repetition
CONCURRENCY = 64
BODY = json.dumps(
    {
        "schema_version": "1",
        "status": "ok",
        "claims": [{"kind": "event", "statement": f"Invented statement {n}."} for n in range(8)],
        "usage": {"calls": 1, "input_tokens": 1_500, "output_tokens": 400},
    }
)


@dataclass(frozen=True)
class Found:
    """What one process saw: MB at its peak, seconds for all and for a second look, MB on disk."""

    inputs: int
    results: int
    dead: int
    memory: float
    seconds: float
    scan: float
    ledger: float
    output: float

    def __str__(self) -> str:
        return (
            f"{self.inputs:10,} inputs: {self.memory:6.1f} MB at the peak, {self.seconds:7.1f} s, "
            f"a second run finds all done in {self.scan:5.1f} s; "
            f"ledger {self.ledger:,.1f} MB, output {self.output:,.1f} MB"
        )


def written(path: Path, count: int) -> Path:
    """So many invented articles as JSON lines; some texts come twice."""
    with path.open("w") as file:
        for number in range(count):
            same = number - 1 if number % EVERY == EVERY - 1 else number
            record = {"id": f"a{number}", "text": f"{text(same)} " * 4}
            file.write(json.dumps(record) + "\n")
    return path


async def settled(key: bytes, article: Article) -> Settled:
    """A result for most articles, at once."""
    usage = Usage(calls=1, input_tokens=1_500, output_tokens=400)
    if key[0] % EVERY == 0:
        return Dead(key, "refused", "The model refused to answer for this text."), usage
    record = json.dumps({"id": article.id, "sha256": key.hex(), "url": article.url})
    return Done(key, record, BODY.encode()), usage


class Timed:
    """Stands in for the extractor, and tells how long it was needed."""

    seconds = 0.0

    @contextmanager
    def settling(self, *_: object) -> Generator[tuple[Settle, object]]:
        """As the run's own, without a model."""
        began = time.monotonic()
        yield settled, lambda: 0.0
        self.seconds = time.monotonic() - began


def filled(folder: Path, count: int, ending: str) -> Found:
    """Fill ``folder`` in this process, twice."""
    source, output = written(folder / "in.jsonl", count), folder / f"out.{ending}"
    settings, timed = Settings("bench", "http://127.0.0.1:9/v1", "k"), Timed()
    began = time.monotonic()
    with patch("extractor.bulk.run._settling", timed.settling):
        backfill(source, output, settings=settings, concurrency=CONCURRENCY)
        seconds = time.monotonic() - began
        report = backfill(source, output, settings=settings, concurrency=CONCURRENCY)
    assert report.tally.calls == 0
    ledger, accounts = output.with_name(f"{output.name}.ledger"), report.accounts
    sizes = (path.stat().st_size / 1e6 for path in (ledger, output))
    return Found(count, accounts.results, accounts.dead, peak(), seconds, timed.seconds, *sizes)


def peak() -> float:
    """The most memory that this process has had, in MB (not its parent's, as getrusage tells)."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1000


def alone(count: int, ending: str) -> Found:
    """As ``filled``, in a new process, so that its memory is its own."""
    command = [sys.executable, "-m", "evals.bench.volume", "--alone"]
    with tempfile.TemporaryDirectory() as folder:
        words = ["--inputs", str(count), "--ending", ending, "--folder", folder]
        done = subprocess.run(  # noqa: S603  this very module
            [*command, *words], stdout=subprocess.PIPE, check=True
        )
    return Found(**json.loads(done.stdout))


def compared(count: int, ending: str) -> bool:
    """Print both runs; true if all goals are met."""
    print(part := alone(count // 10, ending), flush=True)
    print(whole := alone(count, ending), flush=True)
    growth, scan = whole.memory / part.memory, whole.scan * MILLION / count
    print(f"memory grows {growth:.2f} times (at most {MOST_GROWTH}); a million inputs are", end=" ")
    print(f"scanned in {scan:.0f} s (at most {LONGEST_SCAN:.0f})")
    balanced = all(f.results + f.dead == f.inputs for f in (part, whole))
    return (
        balanced and whole.memory <= MOST_MEMORY and growth <= MOST_GROWTH and scan <= LONGEST_SCAN
    )


def main(given: Sequence[str] | None = None) -> bool:
    """Run the benchmark with the command's options; true if all goals are met."""
    asked = argparse.ArgumentParser(description="A backfill of very many inputs.")
    asked.add_argument("--inputs", type=int, default=MILLION)
    asked.add_argument("--ending", choices=("jsonl", "parquet"), default="jsonl")
    asked.add_argument("--alone", action="store_true", help="one run, told as JSON")
    asked.add_argument("--folder", type=Path, help="of that one run")
    options = asked.parse_args(given)
    if options.alone:
        print(json.dumps(asdict(filled(options.folder, options.inputs, options.ending))))
        return True
    return compared(options.inputs, options.ending)


if __name__ == "__main__":
    sys.exit(not main())

"""What a backfill takes besides the model's own time: ``python -m evals.bench.throughput``.

The command runs in a process of its own against a server in another that answers at once. Each
figure is the difference of a long and a short run, so that starting does not count. Then the server
takes a second for each answer, and 256 articles are under way: the share of 256 articles a second.
Last, a run in this process is profiled to tell where its processor time goes.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.bench.answering import answering, text
from evals.bench.profiling import profiled
from extractor import Settings, backfill

SHORT = 200
WAITING = 256  # articles under way where the server takes its time
LONGEST = 600.0  # seconds for one run


@dataclass(frozen=True)
class Cost:
    """Articles of one run, and the seconds that it took: by the clock, of it and of the server."""

    articles: int
    wall: float
    own: float
    server: float

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(
            self.articles - other.articles,
            self.wall - other.wall,
            self.own - other.own,
            self.server - other.server,
        )


def articles(path: Path, count: int) -> Path:
    """So many invented articles as JSON lines."""
    with path.open("w") as file:
        file.writelines(json.dumps({"id": str(n), "text": text(n)}) + "\n" for n in range(count))
    return path


def measured(count: int, concurrency: int, workers: int, latency: float) -> Cost:
    """One run of the command over ``count`` articles, and what it cost."""
    before = _seconds(resource.getrusage(resource.RUSAGE_CHILDREN))
    with tempfile.TemporaryDirectory() as folder:
        with answering(latency=latency, lifetime=LONGEST) as server:
            source, output = articles(Path(folder) / "in.jsonl", count), Path(folder) / "out.jsonl"
            named = {"model": "bench", "base-url": server.url}
            named |= {"concurrency": str(concurrency), "workers": str(workers)}
            wall, own = _run([str(source), str(output)], named)
        done = len(output.read_bytes().splitlines())
    everything = _seconds(resource.getrusage(resource.RUSAGE_CHILDREN)) - before
    return Cost(done, wall, own, everything - own)


def _run(paths: list[str], named: dict[str, str]) -> tuple[float, float]:
    """Seconds by the clock and of the processor, those of its workers included."""
    words = [word for name, value in named.items() for word in (f"--{name}", value)]
    program = "from extractor.cli import app; app()"
    began = time.monotonic()
    process = subprocess.Popen(  # noqa: S603  this very package
        [sys.executable, "-c", program, "backfill", *paths, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OPENAI_API_KEY": "k"},
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.monotonic() - began, _seconds(usage)


def _seconds(usage: resource.struct_rusage) -> float:
    return usage.ru_utime + usage.ru_stime


def at_once(options: argparse.Namespace) -> None:
    """Print a line for each number of workers, with a server that answers at once."""
    print("workers  articles  articles/s  CPU ms an article  of the server")
    for workers in options.workers:
        long = measured(options.articles * workers, options.concurrency, workers, 0)
        cost = long - measured(SHORT, options.concurrency, workers, 0)
        each = 1000 / cost.articles
        print(
            f"{workers:7}{cost.articles:10,}{cost.articles / cost.wall:12.1f}"
            f"{cost.own * each:19.2f}{cost.server * each:15.2f}",
            flush=True,
        )


def waiting(options: argparse.Namespace) -> None:
    """Print what share of the ideal is reached where the server takes a second."""
    for workers in options.workers:
        count = WAITING * options.rounds
        long = measured(count + SHORT, WAITING, workers, 1)
        cost = long - measured(SHORT, WAITING, workers, 1)
        share = cost.articles / WAITING / cost.wall
        print(
            f"1 s latency, {WAITING} at once, workers {workers}: "
            f"{cost.articles / cost.wall:.1f} articles/s, {share:.0%} of the ideal",
            flush=True,
        )


def explained(options: argparse.Namespace) -> None:
    """Print where the processor time of one process goes, by package."""
    with tempfile.TemporaryDirectory() as folder, answering(latency=0.0) as server:
        settings = Settings("bench", server.url, "k")
        for name, count in (("warm", SHORT), ("long", options.articles)):  # the first one imports
            source = articles(Path(folder) / f"{name}.jsonl", count)
            output = source.with_name(f"{name}-out.jsonl")
            with profiled() as spent:
                backfill(source, output, settings=settings, concurrency=options.concurrency)
    print("where the processor time goes, as a profile sees it:")
    for package in sorted(spent, key=lambda each: -spent[each])[:12]:
        print(f"{spent[package] / sum(spent.values()):8.1%}  {package}")


def main(given: Sequence[str] | None = None) -> None:
    """Print all figures."""
    asked = argparse.ArgumentParser(description="What a backfill takes besides the model's time.")
    asked.add_argument("--articles", type=int, default=2_000, help="for each worker")
    asked.add_argument("--concurrency", type=int, default=64)
    asked.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    asked.add_argument("--rounds", type=int, default=10, help="of 256 articles at 1 s latency")
    options = asked.parse_args(given)
    at_once(options)
    waiting(options)
    explained(options)


if __name__ == "__main__":
    main()

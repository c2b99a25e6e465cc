"""Backfills for the tests: invented articles, and the command in this process or in its own."""

import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import replies
from scripted import Reply, Request, Scripted
from typer.testing import CliRunner

from extractor.bulk.pool import COMMIT_ROWS
from extractor.cli import app

COMMAND = [sys.executable, "-c", "from extractor.cli import app; app()"]
NUMBER = re.compile(r"register number (\d+)")
ACCOUNTS = re.compile(
    r"^([\d,]+) inputs? = ([\d,]+) results? \+ ([\d,]+) dead letters? \+ ([\d,]+) skipped$", re.M
)
SLOW_START = 60.0  # seconds that a busy machine may take for anything


def text(number: int) -> str:
    """One sentence, so that nothing can be asked about in halves."""
    return f"Invented: the pier with register number {number} reopened."


def written(path: Path, texts: Iterable[str], **more: object) -> Path:
    """JSON lines, with the ids a0, a1 ..."""
    records = ({"id": f"a{n}", "text": each} | more for n, each in enumerate(texts))
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def articles(path: Path, count: int, **more: object) -> Path:
    return written(path, map(text, range(count)), **more)


def number_of(request: Request) -> int:
    """The number of the article that a request asks about."""
    found = NUMBER.search(request.user)
    assert found
    return int(found[1])


def numbers(server: Scripted) -> list[int]:
    """Of all requests, but those that a kill cut short."""
    return [number_of(r) for r in tuple(server.requests) if r.raw.endswith(b"}")]


def shuffled(request: Request) -> Reply:
    """Good answers that arrive in another order than they were asked for."""
    return Reply(replies.completion('{"claims": []}').body, delay=(number_of(request) % 7) / 200)


def answered(wrong: dict[int, Reply] | None = None, delay: float = 0) -> Callable[..., Reply]:
    """No claims for any article, but those numbers get another reply."""

    def step(request: Request) -> Reply:
        good = Reply(replies.completion('{"claims": []}').body, delay=delay)
        return (wrong or {}).get(number_of(request), good)

    return step


def options(server: Scripted | str, *more: object) -> list[str]:
    url = server if isinstance(server, str) else server.url
    return ["--model", "gpt-test", "--base-url", url, *map(str, more)]


def environment() -> dict[str, str]:
    named = ("OPENAI_", "EXTRACTOR_", "FORCE_", "TTY_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(named)}
    return kept | {"OPENAI_API_KEY": replies.KEY}


def run(source: object, output: Path, *more: object, given: str | None = None):
    """The command in this process."""
    words = ["backfill", str(source), str(output), *map(str, more)]
    return CliRunner().invoke(app, words, input=given)


def started(source: object, output: Path, *more: object, **given) -> subprocess.Popen:
    """The command in a process of its own."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment()} | given
    return subprocess.Popen([*COMMAND, "backfill", source, output, *map(str, more)], **pipes)


def ended(process: subprocess.Popen) -> tuple[int, str, str]:
    """Exit code, standard output and error."""
    try:
        out, errors = process.communicate(timeout=SLOW_START)
    except subprocess.TimeoutExpired:
        process.kill()
        out, errors = process.communicate()
        raise AssertionError(f"it did not end: {out!r} {errors!r}") from None
    return process.returncode, (out or b"").decode(), (errors or b"").decode()


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + SLOW_START
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def accounts(told: str) -> tuple[int, int, int]:
    """Results, dead letters and skipped ones as they were printed; they balance."""
    found = ACCOUNTS.search(told)
    assert found, told
    inputs, *parts = (int(part.replace(",", "")) for part in found.groups())
    assert inputs == sum(parts)
    return tuple(parts)


def results(output: Path) -> list[dict]:
    return [json.loads(line) for line in output.read_bytes().splitlines()]


def letters(output: Path) -> list[dict]:
    return results(output.with_name(output.name + ".dead.jsonl"))


def ids(output: Path) -> list[str]:
    return [each["article"]["id"] for each in results(output)]


def ledger_of(output: Path) -> Path:
    return output.with_name(output.name + ".ledger")


def query(output: Path, question: str) -> list[tuple]:
    file = sqlite3.connect(ledger_of(output))
    try:
        return file.execute(question).fetchall()
    finally:
        file.close()


def is_intact(output: Path) -> bool:
    return query(output, "PRAGMA integrity_check") == [("ok",)]


def is_right(output: Path, count: int) -> bool:
    """Each of ``count`` articles once, in order, with the digest of its own text."""
    wanted = [(f"a{n}", hashlib.sha256(text(n).encode()).hexdigest(), "ok") for n in range(count)]
    found = results(output)
    return wanted == [(r["article"]["id"], r["article"]["sha256"], r["status"]) for r in found]


def bound(concurrency: int) -> int:
    """Calls that a kill may cost."""
    return concurrency + COMMIT_ROWS

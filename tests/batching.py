"""Backfills by batches for the tests, and the same by single calls, to compare."""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import replies
from batch_server import TITLE, BatchServer, Outcome
from scripted import Reply, Request

from extractor.api import prompt_of
from extractor.bulk.batches import fill_by_batches
from extractor.bulk.identity import identity
from extractor.bulk.ledger import Accounts, Ledger
from extractor.bulk.outcome import letter, line
from extractor.bulk.patience import Terms
from extractor.bulk.run import Backfill, run
from extractor.bulk.stop import Stop
from extractor.bulk.tally import Tally
from extractor.settings import Settings

QUICK = Terms(
    first_look=0.003,
    longest_look=0.02,
    first_try=0.003,
    longest_try=0.02,
    patience=2.0,
    second_look=0.003,
)
# What two ways of asking the same may differ in.
APART = ("created_at", "seconds", "cost_usd")


def of(questions: int, size: int = QUICK.size) -> Terms:
    return Terms(**{**vars(QUICK), "questions": questions, "size": size})


def source(folder: Path, *titles: object) -> Path:
    """One invented article for each title; the titles say how the server answers."""
    path = folder / "in.jsonl"
    text = replies.ARTICLE.text
    records = ({"id": f"a{n}", "title": f"{t}", "text": text} for n, t in enumerate(titles))
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def title(request: Request) -> str:
    found = TITLE.search(request.user)
    return found[1].strip() if found else ""


@dataclass
class By:
    """Answers by an article's title: an outcome, or one for each time that it is asked about."""

    outcomes: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)

    def __call__(self, request: Request) -> Outcome:
        name = title(request)
        number = self.asked[name] = self.asked.get(name, 0) + 1
        outcome = self.outcomes.get(name, replies.good)
        if isinstance(outcome, list):
            outcome = outcome[min(number, len(outcome)) - 1]
        return outcome(request) if callable(outcome) else outcome


@dataclass(frozen=True)
class Ended:
    results: list[dict[str, Any]]
    dead: list[dict[str, Any]]
    accounts: Accounts
    tally: Tally
    stop: Stop

    @property
    def reasons(self) -> dict[str, str]:
        return {each["name"]: each["reason"] for each in self.dead}


def settings_of(server: BatchServer, model: str = "gpt-test", **more: Any) -> Settings:
    return Settings(model=model, base_url=server.url, api_key=replies.KEY, **more)


def plan_of(given: Path, **more: Any) -> Backfill:
    return Backfill(str(given), given.with_name("out.jsonl"), via="batch", **more)


def by_batches(
    server: BatchServer,
    given: Path,
    terms: Terms = QUICK,
    stop: Stop | None = None,
    settings: Settings | None = None,
    **more: Any,
) -> Ended:
    plan, tally = plan_of(given, **more), Tally()
    stop = Stop() if stop is None else stop  # one that is not set yet is false
    settings = settings or settings_of(server)
    key_of = identity(settings, prompt_of(settings))
    with Ledger(plan.ledger) as ledger:
        ledger.start_list()
        asyncio.run(fill_by_batches(plan, ledger, key_of, settings, tally, stop, terms))
        results = [json.loads(line(*each)) for each in ledger.results()]
        dead = [json.loads(letter(*each)) for each in ledger.dead()]
        return Ended(results, dead, ledger.accounts(), tally, stop)


def by_calls(server: BatchServer, given: Path, folder: Path, **more: Any) -> tuple[list, list]:
    """Results and dead letters as the run by calls writes them."""
    plan = Backfill(str(given), folder / "calls.jsonl", **more)
    run(plan, settings_of(server), Stop())
    return read(plan.output), read(plan.dead_letters)


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in path.read_bytes().splitlines()] if path.exists() else []


def alike(given: Any) -> Any:
    """``given`` without what may differ."""
    if isinstance(given, dict):
        return {key: alike(value) for key, value in given.items() if key not in APART}
    return [alike(each) for each in given] if isinstance(given, list) else given


def rows(given: Path, query: str) -> list[tuple]:
    with Ledger(plan_of(given).ledger) as ledger, ledger.transaction() as file:
        return file.execute(query).fetchall()


def failing(status: int, after: bool = False, **headers: str) -> tuple[Reply, bool]:
    return Reply(b'{"error": {"code": null}}', status, headers), after


Step = Callable[[Request], Outcome]

if __name__ == "__main__":  # a client of its own, to be killed
    url, path = sys.argv[1:]
    where = Settings(model="gpt-test", base_url=url, api_key=replies.KEY)
    order = plan_of(Path(path))
    with Ledger(order.ledger) as opened:
        opened.start_list()
        keys = identity(where, prompt_of(where))
        asyncio.run(fill_by_batches(order, opened, keys, where, Tally(), Stop(), of(2)))

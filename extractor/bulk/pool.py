"""The pool: inputs are listed, new texts asked about, outcomes committed, all at the same time.

The memory that a run needs does not grow with its inputs: the lister waits while enough texts wait
for a turn, and what is committed is forgotten.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from extractor.bulk.feed import fed
from extractor.bulk.identity import KeyOf
from extractor.bulk.inputs import Input
from extractor.bulk.ledger import Dead, Done, Ledger, Row
from extractor.bulk.listing import row_of
from extractor.bulk.outcome import Settle
from extractor.bulk.stop import Stop
from extractor.bulk.tally import Tally
from extractor.errors import ConfigError
from schemas import Article, Status

T = TypeVar("T")
Jobs = asyncio.Queue[tuple[bytes, Article] | None]
COMMIT_ROWS = 64
COMMIT_SECONDS = 0.25
LOOKS = 25
LEAST_STREAK = 16
SILENT = (
    "The last {} articles got no answer, so no more are sent: {} They count as skipped; mend the "
    "cause and run the same command again."
)
Wanted = Callable[[Ledger, list[bytes]], set[bytes]]


@dataclass(frozen=True)
class Bounds:
    """How many texts are asked about at once, and the most that a run may cost (US dollars)."""

    concurrency: int
    max_cost: float | None = None


@dataclass
class Pool:
    """One run at work.

    ``settle`` makes an outcome of an article; ``wanted`` picks from keys those to ask about.
    """

    ledger: Ledger
    key_of: KeyOf
    settle: Settle
    wanted: Wanted
    bounds: Bounds
    tally: Tally
    stop: Stop
    under_way: set[bytes] = field(default_factory=set[bytes])
    finished: list[Done | Dead] = field(default_factory=list[Done | Dead])
    silent: list[Dead] = field(default_factory=list[Dead])
    answered: bool = False

    async def run(self, inputs: Iterator[Input]) -> None:
        """List all ``inputs`` and ask about the new ones; on return everything is committed.

        Where no text can succeed, ``stop`` holds the error.

        Raises:
            ConfigError: the source or the ledger fails.
        """
        with ThreadPoolExecutor(1) as desk:  # SQLite has one writer anyway
            try:
                await self._work(inputs, desk)
            except ExceptionGroup as failed:
                raise failed.exceptions[0] from None
            finally:
                self._part_with_silent()
                await asyncio.shield(self._commit(desk))

    async def _work(self, inputs: Iterator[Input], desk: ThreadPoolExecutor) -> None:
        jobs: Jobs = asyncio.Queue(self.bounds.concurrency)
        asked = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_committing(desk, asked))
            workers = [group.create_task(self._ask(jobs)) for _ in range(self.bounds.concurrency)]
            await self._list(inputs, jobs, desk)
            for _ in workers:
                await jobs.put(None)
            await asyncio.wait(workers)
            asked.set()

    async def _list(self, inputs: Iterator[Input], jobs: Jobs, desk: ThreadPoolExecutor) -> None:
        read = ((given.article, row_of(given, self.key_of)) for given in inputs)
        async for chunk in fed(read, self.stop):
            # Marked as under way before the ledger is asked: what is committed meanwhile is seen.
            fresh = {r.key: a for a, r in chunk if r.key and r.key not in self.under_way}
            self.under_way |= fresh.keys()
            rows = [row for _, row in chunk]
            wanted = await _on(desk, partial(self._enlisted, rows, list(fresh)))
            self.under_way -= fresh.keys() - wanted
            self.tally.listed += len(chunk)
            self.tally.known += len(chunk) - len(wanted)
            for key, article in fresh.items():
                if key in wanted and article:
                    await jobs.put((key, article))

    def _enlisted(self, rows: list[Row], keys: list[bytes]) -> set[bytes]:
        """List ``rows``; those of ``keys`` to ask about."""
        self.ledger.enlist(rows)
        return self.wanted(self.ledger, keys)

    async def _ask(self, jobs: Jobs) -> None:
        while job := await jobs.get():
            await self._room()
            if self.stop:
                self.under_way.discard(job[0])
                continue
            try:
                found, usage = await self.settle(*job)
            except ConfigError as error:
                self.stop.now("nothing can be extracted", error)
                continue
            self.tally.add(found, usage)
            self._take(found)
            if self.bounds.max_cost is not None and self.tally.cost >= self.bounds.max_cost:
                self.stop.now(f"the cost has reached {self.bounds.max_cost:g} US dollars")

    async def _room(self) -> None:
        """Wait while the disk lags behind: a kill must never cost more than one commit's rows."""
        while len(self.finished) >= COMMIT_ROWS and not self.stop:
            await asyncio.sleep(COMMIT_SECONDS / LOOKS)

    def _take(self, found: Done | Dead) -> None:
        """A text without answer is a dead letter only if others did get one."""
        if isinstance(found, Dead) and found.reason == Status.UNAVAILABLE.value:
            self.silent.append(found)
            if len(self.silent) >= max(LEAST_STREAK, self.bounds.concurrency):
                self._give_up()
            return
        self.answered = True
        if not self.stop:
            self.finished += self.silent
            self.silent.clear()
        self.finished.append(found)

    def _give_up(self) -> None:
        why = SILENT.format(len(self.silent), self.silent[-1].message)
        self.stop.now("the model does not answer", ConfigError(why))

    def _part_with_silent(self) -> None:
        """At the end of the run: where nobody got an answer, it is no text's own fault."""
        if self.silent and not self.answered:
            self._give_up()
        if not self.stop:
            self.finished += self.silent

    async def _keep_committing(self, desk: ThreadPoolExecutor, asked: asyncio.Event) -> None:
        """Commit when there is enough, and otherwise often: a kill costs no more than that."""
        while not asked.is_set():
            for _ in range(LOOKS):
                await asyncio.sleep(COMMIT_SECONDS / LOOKS)
                if len(self.finished) >= COMMIT_ROWS:
                    break
            await self._commit(desk)

    async def _commit(self, desk: ThreadPoolExecutor) -> None:
        if not self.finished:
            return
        outcomes = tuple(self.finished)
        await _on(desk, lambda: self.ledger.keep(outcomes))
        del self.finished[: len(outcomes)]  # not sooner: cancelled here, they are kept at the end
        # The key of a dead letter stays, so that a retry asks about each only once.
        self.under_way -= {o.key for o in outcomes if isinstance(o, Done)}


async def _on(thread: ThreadPoolExecutor, step: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, step)

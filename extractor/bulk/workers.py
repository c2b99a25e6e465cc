"""Worker processes: the walks of many articles on many cores, each process with its own extractor.

One process walks some tens of articles a second, most of it in the clients' libraries. The ledger,
the reading and the writing stay with the parent; a pipe to each worker carries articles one way and
outcomes the other. A worker ends when its pipe does, so none outlives a parent that is killed.
"""

import asyncio
import multiprocessing
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection

from extractor.api import Extractor
from extractor.bulk.outcome import Settle, Settled, outcome
from extractor.errors import ConfigError
from extractor.pacing import Pacer
from extractor.settings import Settings
from schemas import Article

LOST = "A worker process ended by itself (out of memory?): run the same command again to go on."
DRAINING = (signal.SIGINT, signal.SIGTERM)
Rates = tuple[float | None, float | None]
Job = tuple[bytes, Article] | None
Answer = tuple[bytes, Settled | ConfigError]


def _waiting() -> dict[bytes, asyncio.Future[Settled]]:
    return {}


@dataclass
class Worker:
    """The parent's end of one worker: its pipe, and by key what it still owes."""

    pipe: Connection
    waiting: dict[bytes, asyncio.Future[Settled]] = field(default_factory=_waiting)
    listened_to: bool = False


@contextmanager
def crew(settings: Settings, workers: int, rates: Rates) -> Generator[Settle]:
    """Within, what settles an article in one of so many processes.

    Each gets its part of the concurrency and of the ``rates`` (requests and tokens a minute).
    """
    context = multiprocessing.get_context("spawn")  # a fork would take locks along
    share = replace(settings, concurrency=-(-settings.concurrency // workers))
    rpm, tpm = (rate and rate / workers for rate in rates)
    team: list[Worker] = []
    for _ in range(workers):
        mine, theirs = context.Pipe()
        with _unheard():
            context.Process(target=_work, args=(theirs, share, (rpm, tpm)), daemon=True).start()
        theirs.close()
        team.append(Worker(mine))
    try:
        yield partial(_settle, team)
    finally:
        for worker in team:
            with suppress(OSError):
                worker.pipe.send(None)  # closing it would not wake the thread that reads it


@contextmanager
def _unheard() -> Generator[None]:
    """Within, a process starts deaf to Ctrl-C, which is the parent's to hear: it drains."""
    resource_tracker.ensure_running()  # the first process would start it, which undoes this
    before = signal.pthread_sigmask(signal.SIG_BLOCK, DRAINING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


async def _settle(team: list[Worker], key: bytes, article: Article) -> Settled:
    """Have the worker that owes least settle ``article``; no key may be under way twice."""
    worker = min(team, key=lambda each: len(each.waiting))
    loop = asyncio.get_running_loop()
    if not worker.listened_to:
        worker.listened_to = True
        threading.Thread(target=_listen, args=(worker, loop), daemon=True).start()
    future = worker.waiting[key] = loop.create_future()
    try:
        worker.pipe.send((key, article))
        return await future
    except OSError:
        raise ConfigError(LOST) from None
    finally:
        worker.waiting.pop(key, None)


def _listen(worker: Worker, loop: asyncio.AbstractEventLoop) -> None:
    """Hand what the worker sends to those who wait for it, until its pipe ends."""
    try:
        while True:
            key, found = worker.pipe.recv()
            loop.call_soon_threadsafe(_hand_over, worker, key, found)
    except (EOFError, OSError, RuntimeError):  # the worker, the pipe or the loop is gone
        if not loop.is_closed():
            for key in list(worker.waiting):
                loop.call_soon_threadsafe(_hand_over, worker, key, ConfigError(LOST))


def _hand_over(worker: Worker, key: bytes, found: Settled | ConfigError) -> None:
    future = worker.waiting.get(key)
    if future is None or future.done():
        return
    if isinstance(found, ConfigError):
        future.set_exception(found)
    else:
        future.set_result(found)


def _work(pipe: Connection, settings: Settings, rates: Rates) -> None:
    """A worker's whole life."""
    with Extractor(settings, pacer=Pacer(*rates)) as extractor:
        asyncio.run(_serve(pipe, extractor))


async def _serve(pipe: Connection, extractor: Extractor) -> None:
    jobs: asyncio.Queue[Job] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    threading.Thread(target=_receive, args=(pipe, jobs, loop), daemon=True).start()
    under_way: set[asyncio.Task[None]] = set()
    while job := await jobs.get():
        task = asyncio.create_task(_answer(pipe, extractor, *job))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    for task in under_way:
        task.cancel()  # nobody is there to take what they would bring


def _receive(pipe: Connection, jobs: "asyncio.Queue[Job]", loop: asyncio.AbstractEventLoop) -> None:
    job: Job = None
    while True:
        try:
            job = pipe.recv()
        except (EOFError, OSError):
            job = None
        loop.call_soon_threadsafe(jobs.put_nowait, job)
        if job is None:
            return


async def _answer(pipe: Connection, extractor: Extractor, key: bytes, article: Article) -> None:
    try:
        answer: Answer = (key, await outcome(key, article, extractor.aextract))
    except ConfigError as error:
        answer = (key, error)
    with suppress(OSError):  # the parent was killed
        pipe.send(answer)

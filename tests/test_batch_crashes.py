"""Whatever point a run by batches is cut off at, the next one sends nothing a second time."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import replies as r
from batch_server import EXPIRED, BatchServer
from batching import By, alike, by_batches, of, rows, source

from extractor.batch_wire import Provider
from extractor.bulk.batch_ledger import Questions
from extractor.bulk.batch_parts import Parts
from extractor.bulk.ledger import Ledger

TITLES = [f"Invented {number}" for number in range(1, 4)]
# A second try, a part that expires and a dead letter, so that every kind of step is there.
SCRIPT = {
    "Invented 1": [r.INVALID_JSON, r.good],
    "Invented 2": [EXPIRED, r.good],
    "Invented 3": r.REFUSAL,
}
# Every step after which something is different, here or at the provider.
STEPS = {
    Provider: ("upload", "create", "download"),
    Ledger: ("keep",),
    Questions: ("note",),
    Parts: ("cut", "reached", "take", "end"),
}
LOOKS = {Provider: ("batch", "batch_of", "file_named"), Questions: ("ready", "answers")}
WAIT = 60.0


class Crash(BaseException):
    """Not caught by anything that goes on."""


@contextmanager
def crash_at(number: int, monkeypatch: pytest.MonkeyPatch, steps=STEPS) -> Iterator[list[str]]:
    """Within, the step of this number, from 0, is not done. What was done is listed."""
    done: list[str] = []

    def counted(name: str, step: Callable) -> Callable:
        def counting(*args, **more):
            if len(done) == number:
                raise Crash
            done.append(name)
            return step(*args, **more)

        return counting

    with monkeypatch.context() as patch:
        for owner, names in steps.items():
            for name in names:
                step = counted(f"{owner.__name__}.{name}", getattr(owner, name))
                patch.setattr(owner, name, step)
        yield done


def sent_once(server: BatchServer) -> bool:
    """Each part made one batch, and each question is in one, but the one that expired in two."""
    counts = sorted(server.submitted.values())
    return max(server.tokens.values()) == 1 and counts == [1, 1, 1, 2]


def test_a_crash_at_any_step(tmp_path, monkeypatch):
    with BatchServer(By(SCRIPT)) as server:
        folder = tmp_path / "whole"
        folder.mkdir()
        whole = by_batches(server, source(folder, *TITLES), of(3))
        assert sent_once(server)
    assert whole.reasons == {"a2": "refused"}
    number, is_over, seen = 0, False, set()
    while not is_over:
        folder = tmp_path / f"{number}"
        folder.mkdir()
        given = source(folder, *TITLES)
        with BatchServer(By(SCRIPT)) as server:
            with crash_at(number, monkeypatch) as done:
                try:
                    by_batches(server, given, of(3))
                    is_over = True
                except Crash:
                    seen |= set(done)
            ended = by_batches(server, given, of(3))
            assert sent_once(server), done[-1]
        assert alike(ended.results) == alike(whole.results), done[-1]
        assert alike(ended.dead) == alike(whole.dead), done[-1]
        number += 1
    assert number > 20
    assert len(seen) == sum(map(len, STEPS.values()))


def test_two_crashes_in_a_row(tmp_path, monkeypatch):
    """Also while the next run finds out what the one before had done."""
    for first in ("create", "upload"):
        for second in (0, 1, 3):
            folder = tmp_path / f"{first}{second}"
            folder.mkdir()
            given = source(folder, *TITLES)
            with BatchServer(By(SCRIPT)) as server:
                with monkeypatch.context() as patch:
                    patch.setattr(Provider, first, _done_then_crash(getattr(Provider, first)))
                    with pytest.raises(Crash):
                        by_batches(server, given, of(2))
                with crash_at(second, monkeypatch, LOOKS), pytest.raises(Crash):
                    by_batches(server, given, of(2))
                ended = by_batches(server, given, of(2))
                assert sent_once(server)
            assert (len(ended.results), len(ended.dead)) == (2, 1)


def _done_then_crash(step: Callable) -> Callable:
    async def crashing(*args):
        await step(*args)
        raise Crash

    return crashing


def _crash_after(step: str, server: BatchServer, given: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr(Provider, step, _done_then_crash(getattr(Provider, step)))
        with pytest.raises(Crash):
            by_batches(server, given)


def test_a_batch_that_is_listed_late_is_found(tmp_path, monkeypatch):
    given = source(tmp_path, *TITLES)
    real, looks = Provider.batch_of, []

    async def late(self, *known):
        looks.append(known)
        return None if len(looks) == 1 else await real(self, *known)

    with BatchServer() as server:
        _crash_after("create", server, given, monkeypatch)
        monkeypatch.setattr(Provider, "batch_of", late)
        ended = by_batches(server, given)
        assert len(server.batches) == 1
    assert len(ended.results) == 3


@pytest.mark.parametrize("kept", ["metadata", "file"])
def test_either_the_token_or_the_file_tells_whose_a_batch_is(tmp_path, monkeypatch, kept):
    given = source(tmp_path, *TITLES)
    with BatchServer() as server:
        _crash_after("create", server, given, monkeypatch)
        (made,) = server.batches.values()
        if kept == "metadata":
            made.file = replace(made.file, id="file-renamed")
        else:
            made.metadata = {}
        assert len(by_batches(server, given).results) == 3
        assert len(server.batches) == 1


def test_an_uploaded_file_is_used_again_among_many_others(tmp_path, monkeypatch):
    given = source(tmp_path, *TITLES)
    with BatchServer() as server:
        _crash_after("upload", server, given, monkeypatch)
        for number in range(7):
            server.upload(f"another{number}.jsonl", "batch", b"")
        assert len(by_batches(server, given).results) == 3
        assert server.calls("POST", "/files") == 1


def test_a_file_that_is_too_old_is_not_relied_on(tmp_path, monkeypatch):
    given = source(tmp_path, *TITLES)
    with BatchServer() as server:
        _crash_after("upload", server, given, monkeypatch)
        monkeypatch.setattr("extractor.bulk.batch_send.STALE", -1.0)
        assert len(by_batches(server, given).results) == 3
        assert server.calls("POST", "/files") == 2
        assert max(server.submitted.values()) == 1


def _killed(folder: Path, point: str, times: int) -> tuple[str, bool]:
    """Kill a client when it has got to ``point`` for the nth time; then run on, in this process."""
    folder.mkdir()
    given, reached, over = source(folder, *TITLES), threading.Event(), threading.Event()
    left = [times]

    def at(here: str) -> None:
        left[0] -= here == point
        if here == point and not left[0]:
            reached.set()
            over.wait(WAIT)

    with BatchServer(By(SCRIPT)) as server:
        server.at = at
        paths = os.pathsep.join(filter(None, [str(Path(__file__).parent), *sys.path]))
        client = subprocess.Popen(
            [sys.executable, "-m", "batching", server.url, str(given)],
            env=os.environ | {"PYTHONPATH": paths},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert reached.wait(WAIT), "it never got there"
        finally:
            client.send_signal(signal.SIGKILL)
            client.wait()
            over.set()
        server.at = lambda here: None
        assert rows(given, "PRAGMA integrity_check") == [("ok",)]
        ended = by_batches(server, given, of(2))
        is_whole = (len(ended.results), len(ended.dead)) == (2, 1)
        return f"{point} {times}", is_whole and sent_once(server)


def test_a_kill_at_the_provider(tmp_path):
    points = [("uploaded", 1), ("created", 2), ("downloading", 1)]
    with ThreadPoolExecutor(2) as pool:
        kills = [pool.submit(_killed, tmp_path / f"{p}{n}", p, n) for p, n in points]
        assert {kill.result()[0]: kill.result()[1] for kill in kills} == {
            f"{point} {times}": True for point, times in points
        }

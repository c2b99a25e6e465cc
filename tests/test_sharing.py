"""One extractor, used from many threads and tasks, cancelled, closed, or forgotten."""

import asyncio
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import replies as r
from harness import extractor_at
from scripted import Scripted

from extractor import ConfigError, ModelUnavailable

ROOT = Path(__file__).parents[1]


def until(holds: Callable[[], bool], seconds: float = 3) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.01)
    return holds()


def test_threads_and_tasks_share_one_extractor():
    async def many() -> list[str]:
        each = await asyncio.gather(*(extractor.aextract(r.ARTICLE) for _ in range(20)))
        return [result.status for result in each]

    with (
        Scripted(r.good) as server,
        extractor_at(server) as extractor,
        ThreadPoolExecutor(8) as pool,
    ):
        tasks = pool.submit(lambda: asyncio.run(many()))
        blocking = [pool.submit(extractor.extract, r.ARTICLE) for _ in range(20)]
        assert [f.result().status for f in blocking] + tasks.result() == ["ok"] * 40
    assert len(server.requests) == 40


def test_cancelling_a_task_ends_its_calls():
    async def give_up() -> None:
        task = asyncio.create_task(extractor.aextract(r.ARTICLE))
        await asyncio.to_thread(until, lambda: bool(server.requests), 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with Scripted(r.HANG, r.good) as server, extractor_at(server, 60) as extractor:
        asyncio.run(give_up())
        assert until(lambda: server.gone == 1)
        assert len(server.requests) == 1
        assert extractor.extract(r.ARTICLE).status == "ok"


def test_a_closed_extractor_takes_no_more_articles():
    others = set(threading.enumerate())
    with Scripted(r.good) as server:
        extractor = extractor_at(server)
        assert extractor.extract(r.ARTICLE).status == "ok"
        extractor.close()
        extractor.close()
        with pytest.raises(ConfigError, match="closed"):
            extractor.extract(r.ARTICLE)
        with pytest.raises(ConfigError, match="closed"):
            asyncio.run(extractor.aextract(r.ARTICLE))
    assert "extractor" not in [t.name for t in set(threading.enumerate()) - others]


def test_closing_ends_the_calls_under_way():
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            extractor.extract(r.ARTICLE)
        except BaseException as error:
            ended.append(error)

    with Scripted(r.HANG) as server:
        extractor = extractor_at(server, 60)
        threading.Thread(target=wait, daemon=True).start()
        assert until(lambda: bool(server.requests), 20)
        extractor.close()
        assert until(lambda: bool(ended))
        assert until(lambda: server.gone == 1)
    assert isinstance(ended[0], ModelUnavailable)


def test_an_extractor_that_was_never_used_closes():
    with Scripted(r.good) as server:
        extractor_at(server).close()


def test_a_program_that_forgets_to_close_still_ends():
    child = textwrap.dedent("""
        import asyncio, sys
        from extractor import Article, Extractor
        article = Article(text=sys.argv[2])
        used = Extractor(model="gpt-test", base_url=sys.argv[1], api_key="k")
        unused = Extractor(model="gpt-test", base_url=sys.argv[1], api_key="k")
        print(used.extract(article).status)
        async def give_up():
            await asyncio.wait_for(used.aextract(article), 0.2)
        try:
            asyncio.run(give_up())
        except TimeoutError:
            print("gave up")
    """)
    with Scripted(r.good, r.HANG) as server:
        command = [sys.executable, "-c", child, server.url, r.ARTICLE.text]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert (ended.returncode, ended.stdout.split("\n")[:2], ended.stderr) == (
        0,
        ["ok", "gave up"],
        "",
    )

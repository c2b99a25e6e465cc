"""Inputs read beside the work, some at a time: a slow pipe holds up nothing but itself."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import CancelledError
from itertools import islice
from typing import TypeVar

from extractor.bulk.stop import Stop

T = TypeVar("T")
CHUNK = 100
AHEAD = 2
SECONDS_BETWEEN_LOOKS = 0.2


async def fed(items: Iterator[T], stop: Stop) -> AsyncGenerator[list[T]]:
    """``items`` in chunks, until they end or ``stop`` is interrupted.

    What reading raises is raised here. The thread is a daemon: a read that never returns does not
    keep the program from ending.
    """
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[list[T] | BaseException] = asyncio.Queue(AHEAD)

    def put(chunk: list[T] | BaseException) -> bool:
        """Whether there is still somebody to take it."""
        step = chunks.put(chunk)
        try:
            asyncio.run_coroutine_threadsafe(step, loop).result()
        except (CancelledError, RuntimeError):  # the loop is ending, or has ended
            step.close()
            return False
        return True

    def read() -> None:
        try:
            while (chunk := list(islice(items, CHUNK))) and put(chunk):
                pass
        except BaseException as error:
            put(error)
        else:
            put([])

    threading.Thread(target=read, name="inputs", daemon=True).start()
    while not stop.interrupted:
        try:
            async with asyncio.timeout(SECONDS_BETWEEN_LOOKS):  # wait_for may lose a cancellation
                chunk = await chunks.get()
        except TimeoutError:
            continue
        if isinstance(chunk, BaseException):
            raise chunk
        if not chunk:
            return
        yield chunk

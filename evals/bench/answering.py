"""A fast OpenAI-compatible server on loopback for the benchmarks, in a process of its own.

``python -m evals.bench.answering --port 0 --latency 0.05 --limit 20 --style seconds`` prints its
port on the first line, answers every chat completion with the same right claims about ``text(n)``,
and ends when its standard input closes, or after ``--lifetime`` seconds. ``GET /stats`` tells what
it saw. In Python: ``with answering(limit=20) as server:`` gives ``url`` and ``stats()``.

It imports the standard library alone and encodes its answer once, so that what is measured is the
client: a request costs it less than 0.1 ms of CPU.
"""

import argparse
import asyncio
import email.utils
import json
import math
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

BODY_LIMIT = 2**20
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
STYLES = ("seconds", "date", "ms", "none")
SENTENCES = {  # invented
    "The ferry pier reopened on Monday.": ("The ferry pier", "reopened", "on Monday"),
    "Engineers replaced the eastern railing.": ("Engineers", "replaced", "the eastern railing"),
}


def text(number: int) -> str:
    """A short invented article; each number gives another one, and all have the same claims."""
    return " ".join([*SENTENCES, f"The register lists it under number {number}."])


@dataclass(frozen=True)
class Options:
    """How to answer.

    ``latency`` in seconds. ``limit``: requests in any second (a sliding window, the strictest
    kind), 0 for none; ``style`` of ``Retry-After`` beyond it: whole seconds, an HTTP date (both
    rounded up), ``retry-after-ms``, or none. ``usage``: input and output tokens of an answer.
    """

    port: int = 0
    latency: float = 0.05
    limit: int = 0
    style: str = "seconds"
    usage: tuple[int, int] = (1500, 400)
    lifetime: float = 600.0


@dataclass
class Counts:
    """What was seen: ``distinct`` counts the different bodies among those that were ``served``."""

    requests: int = 0
    served: int = 0
    limited: int = 0
    bodies: set[int] = field(default_factory=set[int])

    def json(self) -> bytes:
        """The counts as ``GET /stats`` gives them."""
        counts = {"requests": self.requests, "served": self.served, "limited": self.limited}
        return json.dumps(counts | {"distinct": len(self.bodies)}).encode()


class Window:
    """At most ``limit`` requests in any second; all of them if it is 0."""

    def __init__(self, limit: int) -> None:
        self._admitted: deque[float] = deque(maxlen=limit)

    def wait(self) -> float:
        """0 if one more request may come, which it counts; else the seconds until one may."""
        now = time.monotonic()
        size = self._admitted.maxlen
        if size and len(self._admitted) == size and now - self._admitted[0] < 1:
            return self._admitted[0] + 1 - now
        if size:
            self._admitted.append(now)
        return 0.0


class Answering(asyncio.Protocol):
    """One connection, kept alive: a request, then its answer."""

    def __init__(self, options: Options, counts: Counts, window: Window, answer: bytes) -> None:
        self._options, self._counts = options, counts
        self._window, self._answer = window, answer
        self._read = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer as soon as a request is whole."""
        self._read += data
        end = self._read.find(HEAD_END)
        if end < 0:
            return
        found = LENGTH.search(self._read, 0, end)
        whole = end + len(HEAD_END) + (int(found[1]) if found else 0)
        if whole > BODY_LIMIT:
            self._transport.abort()
        elif len(self._read) >= whole:
            request, self._read = bytes(self._read[:whole]), self._read[whole:]
            self._answered(request, end)

    def _answered(self, request: bytes, end: int) -> None:
        if request.startswith(b"GET /stats"):
            self._transport.write(_response(200, self._counts.json()))
            return
        self._counts.requests += 1
        if wait := self._window.wait():
            self._counts.limited += 1
            self._transport.write(_refusal(wait, self._options.style))
            return
        self._counts.served += 1
        self._counts.bodies.add(hash(request[end:]))
        asyncio.get_running_loop().call_later(self._options.latency, self._answer_now)

    def _answer_now(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(self._answer)


def _response(status: int, body: bytes, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status} -", "content-type: application/json", *headers)
    return "\r\n".join((*lines, f"content-length: {len(body)}", "", "")).encode() + body


def _refusal(wait: float, style: str) -> bytes:
    date = email.utils.formatdate(math.ceil(time.time() + wait), usegmt=True)
    header = {
        "seconds": (f"retry-after: {math.ceil(wait)}",),
        "date": (f"retry-after: {date}",),
        "ms": (f"retry-after-ms: {math.ceil(wait * 1000)}",),
    }
    error = {"message": "Too many requests", "type": "requests", "code": "rate_limit_exceeded"}
    return _response(429, json.dumps({"error": error}).encode(), *header.get(style, ()))


def _claim(number: int, statement: str) -> dict[str, object]:
    said = " | ".join(SENTENCES[statement])
    return {"s": [number], "by": list[str](), "c": said, "k": "event"}


def _answer(usage: tuple[int, int]) -> bytes:
    claims = [_claim(number, statement) for number, statement in enumerate(SENTENCES, 1)]
    message = {"role": "assistant", "content": json.dumps({"claims": claims})}
    tokens = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "bench",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": tokens,
    }
    return _response(200, json.dumps(body).encode())


async def serve(options: Options) -> None:
    """Answer on 127.0.0.1 until standard input closes or the lifetime is over."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    counts, window, answer = Counts(), Window(options.limit), _answer(options.usage)
    server = await loop.create_server(
        lambda: Answering(options, counts, window, answer), "127.0.0.1", options.port, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)

    def watch() -> None:
        sys.stdin.buffer.read()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=watch, daemon=True).start()
    try:
        async with asyncio.timeout(options.lifetime):
            await over.wait()
    except TimeoutError:
        pass
    finally:
        server.close()


@dataclass(frozen=True)
class Server:
    """Where a server of this kind listens."""

    port: int

    @property
    def url(self) -> str:
        """The base URL for a client."""
        return f"http://127.0.0.1:{self.port}/v1"

    def stats(self) -> dict[str, int]:
        """How many requests came, were served and were limited, and how many bodies differed."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/stats", timeout=10) as answer:
            return json.load(answer)


@contextmanager
def answering(**options: object) -> Generator[Server]:
    """A server in another process, with the command's options by name (``limit=20``)."""
    named = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, __file__, *named]
    with subprocess.Popen(  # noqa: S603  this very script
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdin
        assert running.stdout
        try:
            yield Server(int(running.stdout.readline()))
        finally:
            running.stdin.close()


def _options() -> Options:
    given = argparse.ArgumentParser(description="A fast server that answers claims questions.")
    given.add_argument("--port", type=int, default=Options.port)
    given.add_argument("--latency", type=float, default=Options.latency)
    given.add_argument("--limit", type=int, default=Options.limit)
    given.add_argument("--style", choices=STYLES, default=Options.style)
    given.add_argument("--usage", default="1500,400", help="input,output tokens of an answer")
    given.add_argument("--lifetime", type=float, default=Options.lifetime)
    read = vars(given.parse_args())
    used, made = read.pop("usage").split(",")
    return Options(**read, usage=(int(used), int(made)))


if __name__ == "__main__":
    asyncio.run(serve(_options()))

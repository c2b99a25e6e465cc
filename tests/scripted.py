"""A scripted OpenAI-compatible server on loopback: only the server is ours, the client is real.

It plays one reply per request, records what arrived, and adds up the tokens that it billed.
"""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

REQUEST_LIMIT = 5_000
LIFETIME_SECONDS = 90.0
TRICKLE_SECONDS = 0.2
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Reply:
    """What to answer, after ``delay`` seconds. ``delivery``: whole, cut, reset, hang or trickle.

    ``billed`` is (input, output) tokens where the body tells them to the client, else ``None``.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delivery: str = "whole"
    delay: float = 0
    billed: tuple[int, int] | None = None


@dataclass(frozen=True)
class Request:
    """What arrived; ``at`` is on the monotonic clock."""

    path: str
    headers: dict[str, str]
    raw: bytes
    at: float

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.raw)

    @property
    def user(self) -> str:
        """The first message of the user: the article's part of the prompt."""
        return next(m["content"] for m in self.json["messages"] if m["role"] == "user")


Step = Reply | Callable[[Request], Reply]


class Scripted:
    """Plays ``script``, one step per request; the last step repeats for ever.

    A context manager: it listens on entry, and on exit every hanging reply ends. It also ends by
    itself after ``LIFETIME_SECONDS`` or ``REQUEST_LIMIT`` requests.
    """

    def __init__(self, *script: Step) -> None:
        self.script: Sequence[Step] = script
        self.requests: list[Request] = []
        self.played: list[Reply] = []
        self.gone = 0  # clients that left before their reply was whole
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.owner = self
        self._timer = threading.Timer(LIFETIME_SECONDS, self.stop)
        self._timer.daemon = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    @property
    def billed(self) -> tuple[int, int]:
        """Input and output tokens of all replies that told them."""
        told = [r.billed for r in self.played if r.billed]
        return sum(i for i, _ in told), sum(o for _, o in told)

    @property
    def unbilled(self) -> int:
        """How many replies told no usage, or never arrived whole."""
        return sum(r.billed is None for r in self.played)

    def next(self, request: Request) -> Reply:
        with self._lock:
            step = self.script[min(len(self.requests), len(self.script) - 1)]
            self.requests.append(request)
            reply = step(request) if callable(step) else step
            self.played.append(reply)
        return reply

    def stop(self) -> None:
        if not self.stopping.is_set():
            self.stopping.set()
            self._http.shutdown()

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self.stop()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    owner: Scripted

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves early is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_POST(self) -> None:
        owner = self.server.owner
        raw = self.rfile.read(int(self.headers["content-length"]))
        request = Request(self.path, dict(self.headers.items()), raw, time.monotonic())
        if owner.stopping.is_set() or len(owner.requests) >= REQUEST_LIMIT:
            self.close_connection = True
            return
        reply = owner.next(request)
        time.sleep(reply.delay)
        getattr(self, f"_{reply.delivery}")(reply)

    def _head(self, reply: Reply) -> None:
        self.send_response(reply.status)
        headers = {"content-type": "application/json"} | reply.headers
        for name, value in (headers | {"content-length": str(len(reply.body))}).items():
            self.send_header(name, value)
        self.end_headers()

    def _whole(self, reply: Reply) -> None:
        self._head(reply)
        self.wfile.write(reply.body)

    def _cut(self, reply: Reply) -> None:
        self._head(reply)
        self.wfile.write(reply.body[: len(reply.body) // 2])
        self.close_connection = True

    def _reset(self, reply: Reply) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.connection.close()
        self.close_connection = True

    def _hang(self, reply: Reply) -> None:
        self._until_gone(LIFETIME_SECONDS)

    def _trickle(self, reply: Reply) -> None:
        self._head(reply)
        for byte in reply.body:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self._until_gone(TRICKLE_SECONDS):
                break

    def _until_gone(self, seconds: float) -> bool:
        """Wait; true as soon as the client has left or the server stops."""
        end = time.monotonic() + seconds
        self.wfile.flush()
        self.connection.settimeout(0.02)
        while time.monotonic() < end and not self.server.owner.stopping.is_set():
            try:
                left = self.connection.recv(1, socket.MSG_PEEK) == b""
            except TimeoutError:
                continue
            except OSError:
                left = True
            if left:
                self.server.owner.gone += 1
                break
        else:
            self.connection.settimeout(self.timeout)
            return self.server.owner.stopping.is_set()
        self.close_connection = True
        return True

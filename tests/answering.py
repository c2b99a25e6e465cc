"""The command, and a loopback server that answers every claims question with what it was given."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from typer.testing import CliRunner

from extractor.cli import app

# Invented for these tests.
TEXT = (
    "Flood barrier holds in Samplestadt\n\n"
    "The barrier at Samplestadt held back the river on Monday, mayor Jane Example said. "
    "Up to 7,500 people had left the lower town.\n\n"
    "Nobody was believed to be missing.\n"
)


def claim(sentence: int, said: str, *tellers: str) -> dict:
    """One item of an answer, in the wire's shape."""
    return {"s": [sentence], "by": list(tellers), "c": said, "k": "event"}


CLAIMS = [
    claim(
        2,
        "The barrier at Samplestadt | held back | the river on Monday",
        "Jane Example | said",
    ),
    claim(3, "Up to 7,500 people | had left | the lower town"),
]


@dataclass
class Server:
    """Where it listens, what it answers, and how often it was asked."""

    base_url: str = ""
    claims: list = field(default_factory=lambda: list(CLAIMS))
    status: int = 200
    models: tuple[str, ...] = ("sample-model",)
    asked: list[str] = field(default_factory=list)


@contextmanager
def answering() -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply({"data": [{"id": name} for name in server.models]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            server.asked.append(body["messages"][-1]["content"])
            message = {"role": "assistant", "content": json.dumps({"claims": server.claims})}
            self._reply(
                {
                    "id": "1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": body["model"],
                    "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
                }
            )

        def _reply(self, value: object) -> None:
            content = json.dumps(value).encode()
            self.send_response(server.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.base_url = f"http://127.0.0.1:{listening.server_port}/v1"
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()


def hosted(server: Server) -> list[str]:
    """The options that name ``server``."""
    return ["--model", "sample-model", "--base-url", server.base_url]


def run(*args: object, given: str | None = None):
    """The command in this process, with ``given`` as its standard input."""
    return CliRunner().invoke(app, [str(arg) for arg in args], input=given)

"""Model answers recorded and replayed on the wire, so that the real client runs in every mode.

A loopback server stands where the model's endpoint would. In replay it answers from recordings
keyed by the request, and has no answer to a request that was never recorded: an edited prompt makes
a run fail, never score old answers. In record it forwards to the real endpoint and keeps what comes
back. The case and the trial are in the path, ``/<case>/<trial>/v1/chat/completions``, so that a
request is recorded byte for byte as it is sent.
"""

import hashlib
import json
import re
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from evals.dataset import ROOT
from evals.upstream import Reply

RECORDINGS = ROOT / "evals" / "recordings"
PATH = re.compile(r"/(?P<case>[\w.-]+)/(?P<trial>\d{1,4})/v1/chat/completions$")
BODY_LIMIT = 8 * 2**20  # bytes
PARALLEL = 32  # requests answered at once; more wait
IDLE = 30  # seconds after which a silent connection is closed
MISSING = "recording_missing"

Json = dict[str, Any]
Send = Callable[[bytes], Reply]


@dataclass(frozen=True)
class Recording:
    """One answer: its request's key, the response body, and the seconds that it took."""

    key: str
    seconds: float
    response: Json


@dataclass
class Tape:
    """The recordings of all cases of a run, what was asked for in vain, and what was used.

    ``send`` forwards a request; without it the tape only replays.
    """

    recordings: dict[str, dict[str, Recording]]
    send: Send | None = None
    missing: set[str] = field(default_factory=set[str])
    used: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def seconds(self, case: str) -> float:
        """Seconds that the answers used by ``case`` took when they were recorded."""
        kept = self.recordings.get(case, {})
        return round(sum(kept[key].seconds for key in sorted(self.used.get(case, ()))), 3)

    def stale(self) -> dict[str, int]:
        """How many recordings of each case that was run nobody asked for."""
        unused = {c: len(self.recordings.get(c, {}).keys() - keys) for c, keys in self.used.items()}
        return {case: n for case, n in sorted(unused.items()) if n}


def request_key(request: Mapping[str, object], trial: int) -> str:
    """Hex sha256 of the whole request in canonical JSON, and the number of the trial."""
    whole = {"request": request, "trial": trial}
    canonical = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def slug(model: str) -> str:
    """A model's name as a folder's name."""
    return re.sub(r"[^\w.-]+", "-", model).strip("-.") or "model"


def read_recordings(model: str, case: str, folder: Path = RECORDINGS) -> dict[str, Recording]:
    """What is recorded of ``model`` for ``case``, by key; empty if nothing is.

    Raises:
        ValueError: a line is no recording.
    """
    path = folder / slug(model) / f"{case}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {row["key"]: Recording(**row) for row in map(json.loads, filter(None, lines))}


def write_recordings(
    model: str, case: str, kept: Mapping[str, Recording], folder: Path = RECORDINGS
) -> None:
    """Replace what is recorded of ``model`` for ``case``: a line each, sorted by key."""
    rows = (vars(kept[key]) for key in sorted(kept))
    path = folder / slug(model) / f"{case}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    written = [json.dumps(row, sort_keys=True, ensure_ascii=True) for row in rows]
    partial = path.with_suffix(".partial")
    partial.write_text("".join(f"{line}\n" for line in written), encoding="utf-8")
    partial.replace(path)


def answer(tape: Tape, case: str, trial: int, body: bytes) -> Reply:
    """The recorded answer to a request, or the forwarded one; 404 where there is neither."""
    key = request_key(json.loads(body), trial)
    kept = tape.recordings.setdefault(case, {})
    if key not in kept and tape.send is not None:
        failed = _record(tape.send, kept, key, body)
        if failed is not None:
            return failed
    if key not in kept:
        tape.missing.add(case)
        return _error(404, MISSING, f"nothing is recorded for this request of {case}")
    tape.used.setdefault(case, set()).add(key)
    return Reply(200, json.dumps(kept[key].response).encode())


def _record(send: Send, kept: dict[str, Recording], key: str, body: bytes) -> Reply | None:
    """Keep the endpoint's answer; a failure is passed on and not kept."""
    started = time.monotonic()
    reply = send(body)
    if reply.status != 200:
        return reply
    seconds = round(time.monotonic() - started, 3)
    # two equal requests at once must see one answer, as they will in replay
    kept.setdefault(key, Recording(key, seconds, json.loads(reply.body)))
    return None


def _error(status: int, code: str, message: str) -> Reply:
    return Reply(status, json.dumps({"error": {"code": code, "message": message}}).encode())


@contextmanager
def serving(tape: Tape) -> Generator[Callable[[str, int], str]]:
    """Serve ``tape`` on a free loopback port; gives the base URL for a case and trial."""
    server = _Server(("127.0.0.1", 0), _handler(tape))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield lambda case, trial: f"http://127.0.0.1:{server.server_port}/{case}/{trial}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up when they have seen enough; anything else is a bug and is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # pyright: ignore[reportArgumentType]


def _handler(tape: Tape) -> type[BaseHTTPRequestHandler]:
    places = threading.BoundedSemaphore(PARALLEL)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = IDLE

        def do_POST(self) -> None:
            with places:
                reply = self._reply()
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(reply.body))}
            for name, value in (headers | dict(reply.headers)).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def _reply(self) -> Reply:
            length = int(self.headers.get("Content-Length") or 0)
            if length > BODY_LIMIT:
                self.close_connection = True
                return _error(413, "too_large", f"more than {BODY_LIMIT} bytes")
            body, place = self.rfile.read(length), PATH.match(self.path)
            if place is None:
                return _error(404, "not_found", "only chat completions are answered")
            try:
                return answer(tape, place["case"], int(place["trial"]), body)
            except ValueError:
                return _error(400, "not_json", "the request, or its answer, is not JSON")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
            """Say nothing: requests hold article text."""

    return Handler

"""A loopback server that behaves as the provider's files and batches endpoints do.

It also answers single calls with the same answers, so that both ways can be compared. What it holds
outlives its clients. ``answer`` says what becomes of a question; everything else can be scripted.
"""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from replies import KEY, good
from scripted import Reply, Request

LIFETIME_SECONDS = 90.0
EXPIRED, CANCELLED, TIMED_OUT = "batch_expired", "batch_cancelled", "request_timeout"
MISSING = "missing"  # no line in either file
COURSE = ("in_progress", "finalizing", "completed")
Outcome = Reply | str
Answer = Callable[[Request], Outcome]
TITLE = re.compile(r"^Title: (.+)$", re.MULTILINE)


class Dropped(Exception):
    """The connection breaks here."""


@dataclass
class File:
    id: str
    filename: str
    purpose: str
    data: bytes
    made: int

    @property
    def told(self) -> dict[str, Any]:
        told = {"id": self.id, "object": "file", "bytes": len(self.data), "status": "processed"}
        return told | {"created_at": self.made, "filename": self.filename, "purpose": self.purpose}


@dataclass
class Made:
    """A batch. ``course``: the states that it is still to be seen in."""

    id: str
    file: File
    metadata: dict[str, str]
    course: list[str]
    status: str = "validating"
    results: tuple[str | None, str | None] = (None, None)
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.data.splitlines()]

    @property
    def told(self) -> dict[str, Any]:
        output, errors = self.results
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "created_at": 1,
            "input_file_id": self.file.id,
            "status": self.status,
            "metadata": self.metadata,
            "output_file_id": output,
            "error_file_id": errors,
            "errors": {"object": "list", "data": self.problems} if self.problems else None,
            "request_counts": {"total": len(self.lines), "completed": 0, "failed": 0},
        }


class BatchServer:
    """A context manager; it also ends by itself.

    ``course_of`` gives the states of the nth batch, from 0. ``noise``: lines that nobody asked for
    are in the result files. ``failures`` are given instead of a good reply, once each, to the first
    request of that method and path: before it is acted on, or after. ``at`` is called with the
    names of the points that a request passes, and may block or raise ``Dropped``.
    """

    def __init__(self, answer: Answer = good, page: int = 2, most: int = 50_000) -> None:
        self.answer, self.page, self.most = answer, page, most
        self.files: dict[str, File] = {}
        self.batches: dict[str, Made] = {}
        self.course_of: Callable[[int], tuple[str, ...]] = lambda number: COURSE
        self.problems_of: Callable[[Made], list[dict[str, Any]]] = lambda made: []
        self.failures: list[tuple[str, str, Reply, bool]] = []
        self.at: Callable[[str], None] = lambda point: None
        self.noise = False
        self.requests: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.owner = self
        self._timer = threading.Timer(LIFETIME_SECONDS, self._http.shutdown)
        self._timer.daemon = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    @property
    def submitted(self) -> Counter[str]:
        """How often each question is in a batch that was made and not refused as a whole."""
        taken = (made for made in self.batches.values() if made.status != "failed")
        return Counter(line["custom_id"] for made in taken for line in made.lines)

    @property
    def tokens(self) -> Counter[str]:
        return Counter(made.metadata["extractor_part"] for made in self.batches.values())

    def calls(self, method: str, path: str) -> int:
        return sum(m == method and p.startswith(path) for m, p in self.requests)

    def upload(self, name: str, purpose: str, data: bytes) -> File:
        with self.lock:
            id_ = f"file-{len(self.files):04}"
            self.files[id_] = File(id_, name, purpose, data, int(time.time()))
        return self.files[id_]

    def create(self, order: dict[str, Any]) -> Made:
        assert order["endpoint"] == "/v1/chat/completions"
        assert order["completion_window"] == "24h"
        with self.lock:
            number = len(self.batches)
            id_ = f"batch_{number:04}"
            made = Made(
                id_,
                self.files[order["input_file_id"]],
                order["metadata"],
                [*self.course_of(number)],
            )
            self.batches[id_] = made
        return made

    def look(self, made: Made) -> dict[str, Any]:
        with self.lock:
            if made.status == "validating":
                made.problems = self._problems(made)
                made.course = ["failed"] if made.problems else made.course
            if made.course:
                made.status = made.course.pop(0)
                if not made.course and made.status in {"completed", "expired", "cancelled"}:
                    made.results = self._results(made)
        return made.told

    def _problems(self, made: Made) -> list[dict[str, Any]]:
        ids = [line["custom_id"] for line in made.lines]
        if len(ids) > self.most or len(set(ids)) < len(ids):
            return [{"code": "invalid_file", "message": "invented", "line": None}]
        return self.problems_of(made)

    def _results(self, made: Made) -> tuple[str | None, str | None]:
        output, errors = [], []
        for line in reversed(made.lines):  # any order
            asked = Request(line["url"], {}, json.dumps(line["body"]).encode(), 0.0)
            outcome = self.answer(asked)
            if outcome == MISSING:
                continue
            said = _said(line["custom_id"], outcome)
            is_good = isinstance(outcome, Reply) and outcome.status == 200
            (output if is_good else errors).append(said)
        files = []
        for kind, lines in (("output", output), ("error", errors)):
            content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
            if self.noise and content:
                content = b"\n{\n" + _noise(lines) + content + content + b'["cut'
            name = f"{made.id}_{kind}.jsonl"
            id_ = f"file-{made.id}-{kind}"
            if content:
                self.files[id_] = File(id_, name, "batch_output", content, 2)
            files.append(id_ if content else None)
        return files[0], files[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._http.shutdown()
        self._http.server_close()


def _said(custom_id: str, outcome: Outcome) -> dict[str, Any]:
    said = {"id": f"batch_req_{custom_id[:6]}", "custom_id": custom_id}
    if isinstance(outcome, str):
        return said | {"response": None, "error": {"code": outcome, "message": "invented"}}
    try:
        body = json.loads(outcome.body)
    except ValueError:
        body = outcome.body.decode()
    response = {"status_code": outcome.status, "request_id": "r", "body": body}
    return said | {"response": response, "error": None}


def _noise(lines: list[dict[str, Any]]) -> bytes:
    """Lines that nobody asked for, and shapes that no line has."""
    other = lines[0] | {"custom_id": "0" * 64}
    shapes = [None, [], 7, "x", {}, {"custom_id": 7}, {"custom_id": "é"}, {"custom_id": "abc"}]
    shapes += [{"custom_id": lines[0]["custom_id"], "response": 5, "error": []}]
    return b"".join(json.dumps(line).encode() + b"\n" for line in [other, *shapes])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    owner: BatchServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is killed is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        self._serve("GET", b"")

    def do_POST(self) -> None:
        self._serve("POST", self.rfile.read(int(self.headers["content-length"])))

    def _serve(self, method: str, body: bytes) -> None:
        owner, address = self.server.owner, urlsplit(self.path)
        path, query = address.path.removeprefix("/v1"), parse_qs(address.query)
        owner.requests.append((method, path))
        try:
            if self.headers["authorization"] != f"Bearer {KEY}":
                self._say(401, {"error": {"code": "invalid_api_key", "message": KEY}})
                return
            failure = self._failure(method, path)
            if failure and not failure[1]:
                self._reply(failure[0])
                return
            status, said = self._done(method, path, query, body)
            if failure:
                self._reply(failure[0])
            elif isinstance(said, bytes):
                self._content(said)
            else:
                self._say(status, said)
        except Dropped:
            self.close_connection = True

    def _failure(self, method: str, path: str) -> tuple[Reply, bool] | None:
        owner = self.server.owner
        with owner.lock:
            for each in owner.failures:
                if method == each[0] and path.startswith(each[1]):
                    owner.failures.remove(each)
                    return each[2], each[3]
        return None

    def _done(
        self, method: str, path: str, query: dict[str, list[str]], body: bytes
    ) -> tuple[int, Any]:
        owner = self.server.owner
        match method, path.strip("/").split("/"):
            case "POST", ["files"]:
                owner.at("upload")
                file = owner.upload(*_parts(body, self.headers["content-type"]))
                owner.at("uploaded")
                return 200, file.told
            case "POST", ["batches"]:
                owner.at("create")
                made = owner.create(json.loads(body))
                owner.at("created")
                return 200, made.told
            case "GET", ["files"]:
                purpose = query["purpose"][0]
                found = [f.told for f in owner.files.values() if f.purpose == purpose]
                return 200, self._listed(found, query)
            case "GET", ["batches"]:
                return 200, self._listed([b.told for b in owner.batches.values()], query)
            case "GET", ["batches", id_] if id_ in owner.batches:
                owner.at("look")
                return 200, owner.look(owner.batches[id_])
            case "GET", ["files", id_, "content"] if id_ in owner.files:
                owner.at("download")
                return 200, owner.files[id_].data
            case "POST", ["chat", "completions"]:
                outcome = owner.answer(Request(path, {}, body, 0.0))
                assert isinstance(outcome, Reply)
                return outcome.status, json.loads(outcome.body)
        return 404, {"error": {"code": "not_found", "message": "invented"}}

    def _listed(self, newest_last: list[dict[str, Any]], query: dict[str, list[str]]) -> Any:
        found = newest_last[::-1]
        after = query.get("after", [None])[0]
        start = next((n + 1 for n, each in enumerate(found) if each["id"] == after), 0)
        page = found[start : start + min(self.server.owner.page, int(query["limit"][0]))]
        more = start + len(page) < len(found)
        return {"object": "list", "data": page, "has_more": more}

    def _say(self, status: int, said: object) -> None:
        self._reply(Reply(json.dumps(said).encode(), status))

    def _reply(self, reply: Reply) -> None:
        if reply.delivery == "reset":
            raise Dropped
        self.send_response(reply.status)
        headers = {"content-type": "application/json", "content-length": str(len(reply.body))}
        for name, value in (headers | reply.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)

    def _content(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        middle = len(data) // 2
        self.wfile.write(memoryview(data)[:middle])
        self.wfile.flush()
        self.server.owner.at("downloading")
        self.wfile.write(memoryview(data)[middle:])


def _parts(body: bytes, content_type: str) -> tuple[str, str, bytes]:
    """File name, purpose and content of an upload."""
    boundary = b"--" + content_type.partition("boundary=")[2].encode()
    fields: dict[str, tuple[str, bytes]] = {}
    for part in _between(body, boundary):
        head, _, content = part.partition(b"\r\n\r\n")
        names = dict(re.findall(r'(\w+)="([^"]*)"', head.decode()))
        fields[names["name"]] = (names.get("filename", ""), content.removesuffix(b"\r\n"))
    return fields["file"][0], fields["purpose"][1].decode(), fields["file"][1]


def _between(body: bytes, boundary: bytes) -> Iterator[bytes]:
    for part in body.split(boundary)[1:]:
        if not part.startswith(b"--"):
            yield part.removeprefix(b"\r\n")

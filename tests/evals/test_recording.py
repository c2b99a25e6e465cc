import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from evals.recording import (
    BODY_LIMIT,
    Recording,
    Tape,
    read_recordings,
    request_key,
    serving,
    slug,
    write_recordings,
)
from evals.upstream import Reply, endpoint

REQUEST = {"model": "m", "messages": [{"role": "user", "content": "é “x”"}], "temperature": 0}


def post(url, body, path="/chat/completions", headers=None):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request("POST", parts.path + path, raw, headers or {})
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def tape_with(trial=0):
    key = request_key(REQUEST, trial)
    return Tape({"dam": {key: Recording(key, 1.5, {"id": "kept"})}})


def test_the_key_takes_everything_but_the_order():
    key = request_key(REQUEST, 0)
    assert key == request_key(dict(reversed(REQUEST.items())), 0)
    changed = [REQUEST | {"model": "n"}, REQUEST | {"grammar": "g"}, REQUEST | {"temperature": 1}]
    others = {request_key(REQUEST, 1), *(request_key(request, 0) for request in changed)}
    assert len(others | {key}) == 5


def test_the_key_takes_lone_surrogates():
    assert request_key({"content": "\ud800"}, 0)


def test_replay_answers_what_was_recorded():
    tape = tape_with()
    with serving(tape) as url:
        assert post(url("dam", 0), REQUEST) == (200, {"id": "kept"})
    assert tape.seconds("dam") == 1.5
    assert not tape.missing
    assert tape.stale() == {}


@pytest.mark.parametrize(
    ("case", "trial", "request_"),
    [("dam", 0, REQUEST | {"seed": 1}), ("dam", 1, REQUEST), ("other", 0, REQUEST)],
)
def test_replay_has_no_answer_to_another_request(case, trial, request_):
    tape = tape_with()
    with serving(tape) as url:
        status, answer = post(url(case, trial), request_)
    assert status == 404
    assert answer["error"]["code"] == "recording_missing"
    assert tape.missing == {case}


def test_recordings_that_nothing_asked_for_are_stale():
    tape = tape_with()
    tape.recordings["dam"]["old"] = Recording("old", 1.0, {})
    with serving(tape) as url:
        post(url("dam", 0), REQUEST)
    assert tape.stale() == {"dam": 1}


def test_record_forwards_once_and_keeps_the_answer():
    sent = []

    def send(body):
        sent.append(json.loads(body))
        return Reply(200, b'{"id": "new"}')

    tape = Tape({}, send)
    with serving(tape) as url:
        answers = [post(url("dam", 0), REQUEST) for _ in range(2)]
    assert answers == [(200, {"id": "new"})] * 2
    assert sent == [REQUEST]
    assert [r.response for r in tape.recordings["dam"].values()] == [{"id": "new"}]


def test_equal_requests_at_once_get_one_answer():
    both, numbers = threading.Barrier(2), iter(range(9))

    def send(body):
        both.wait(10)
        return Reply(200, json.dumps({"id": next(numbers)}).encode())

    tape = Tape({}, send)
    with serving(tape) as url, ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: post(url("dam", 0), REQUEST), range(2))
    assert first == second


def test_failures_are_passed_on_and_not_kept():
    tape = Tape({}, lambda _: Reply(429, b'{"error": {}}', {"retry-after": "2"}))
    with serving(tape) as url:
        assert post(url("dam", 0), REQUEST)[0] == 429
    assert not tape.recordings["dam"]
    assert not tape.missing


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/models", REQUEST, {}, 404),
        ("/chat/completions", b"no json", {}, 400),
        ("/chat/completions", b"", {"Content-Length": str(BODY_LIMIT + 1)}, 413),
    ],
)
def test_what_is_no_request_is_refused(path, body, headers, status):
    with serving(tape_with()) as url:
        assert post(url("dam", 0), body, path, headers)[0] == status


def test_recordings_are_sorted_lines_and_come_back(tmp_path):
    kept = {k: Recording(k, 0.25, {"text": "é\n"}) for k in ("b", "a")}
    write_recordings("org/model:1", "dam", kept, tmp_path)
    path = tmp_path / "org-model-1" / "dam.jsonl"
    assert [json.loads(line)["key"] for line in path.read_text().splitlines()] == ["a", "b"]
    assert read_recordings("org/model:1", "dam", tmp_path) == kept
    assert read_recordings("org/model:1", "none", tmp_path) == {}
    before = path.read_bytes()
    write_recordings("org/model:1", "dam", dict(reversed(kept.items())), tmp_path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["dam.jsonl"]


@pytest.mark.parametrize("model", ["../../etc", "..", "a b/c", "/"])
def test_a_slug_stays_in_its_folder(model, tmp_path):
    assert "/" not in slug(model)
    assert slug(model).strip(".")


def test_the_endpoint_gets_the_key_and_the_bytes_as_they_are():
    # The recording server is itself an endpoint to forward to.
    inner = tape_with()
    with serving(inner) as inner_url:
        outer = Tape({}, endpoint(inner_url("dam", 0), "secret"))
        with serving(outer) as url:
            assert post(url("dam", 0), REQUEST) == (200, {"id": "kept"})
            assert post(url("dam", 0), REQUEST | {"seed": 1})[0] == 404
    assert len(outer.recordings["dam"]) == 1


def test_an_unreachable_endpoint_is_a_bad_gateway():
    with serving(Tape({})) as url:
        gone = url("dam", 0)
    assert endpoint(gone, "k")(b"{}").status == 502


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x", "http://", "nonsense"])
def test_an_endpoint_is_http(url):
    with pytest.raises(ValueError, match="base URL"):
        endpoint(url, "k")

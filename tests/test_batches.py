"""A backfill by the provider's batches: the same results as by calls, for half the price."""

import json

import pytest
import replies as r
from batch_server import EXPIRED, MISSING, TIMED_OUT, BatchServer
from batching import (
    By,
    alike,
    by_batches,
    by_calls,
    of,
    rows,
    source,
)
from scripted import Reply

from extractor.bulk import batches
from extractor.bulk.ledger import Ledger

TITLES = [f"Invented {number}" for number in range(7)]
CONTENT_FILTER = r.FILTER_400
OVERLONG = Reply(r.error(413).body, 413)
# By calls and by batches, each comes to the same.
SHAPES = {
    "refused": r.REFUSAL,
    "filtered in the answer": r.FILTERED,
    "filtered before it": CONTENT_FILTER,
    "too long": r.TOO_LONG,
    "too large": OVERLONG,
    "cut each time": r.length,
    "cut once": [r.length, r.good],
    "no JSON": r.INVALID_JSON,
    "no JSON once": [r.INVALID_JSON, r.good],
    "no JSON twice": [r.INVALID_JSON, r.INVALID_SCHEMA, r.good],
    "empty": r.EMPTY,
    "no choices": r.NO_CHOICES,
    "no choices once": [r.NO_CHOICES, r.good],
    "odd choices": r.ODD_CHOICES,
    "server error": r.SERVER_ERROR,
    "server error once": [r.SERVER_ERROR, r.good],
    "overloaded, then cut": [r.OVERLOADED, r.length, r.good],
    "bad item": r.with_item('{"s": 7}'),
    "half a character": r.with_item(r'"\ud83d"'),
    "no usage": r.good_without_usage,
    "one claim in a fence": lambda q: r.completion(
        f"```json\n{json.dumps({'claims': r.items(q)})}\n```"
    ),
}


@pytest.fixture(autouse=True)
def _hasty(monkeypatch):
    monkeypatch.setattr("extractor.llm.FIRST_WAIT", 0.001)


def test_the_same_results_as_by_calls(tmp_path):
    given = source(tmp_path, *TITLES)
    with BatchServer() as server:
        calls, none = by_calls(server, given, tmp_path)
        ended = by_batches(server, given, of(3))
    assert none == ended.dead == []
    assert alike(ended.results) == alike(calls)
    assert len(calls) == ended.tally.calls == len(TITLES)
    assert [each["article"]["id"] for each in ended.results] == [f"a{n}" for n in range(7)]


def test_every_shape_comes_to_the_same_as_by_calls(tmp_path):
    """Also where the result files hold lines that nobody asked for, some twice, some cut."""
    given = source(tmp_path, "fine", *SHAPES)
    with BatchServer(By(SHAPES)) as server:
        results, dead = by_calls(server, given, tmp_path, concurrency=32)
    with BatchServer(By(SHAPES)) as server:
        server.noise = True
        ended = by_batches(server, given, of(9))
        assert max(server.submitted.values()) == 1
    assert alike(ended.results) == alike(results)
    assert alike(ended.dead) == alike(dead)
    assert len(results) + len(dead) == len(SHAPES) + 1
    assert {"refused", "filtered", "truncated", "invalid", "unavailable"} == set(
        ended.reasons.values()
    )


def test_a_rate_limit_on_a_line_is_asked_again_and_costs_no_call(tmp_path):
    given = source(tmp_path, "fine", "busy once", "busy")
    script = By({"busy once": [r.BUSY, r.good], "busy": r.BUSY})
    with BatchServer(script) as server:
        ended = by_batches(server, given)
    assert ended.reasons == {"a2": "unavailable"}
    assert script.asked == {"fine": 1, "busy once": 2, "busy": 4}
    assert ended.results[1]["usage"]["unmetered_calls"] == 0


def test_a_timeout_of_the_model_is_asked_again(tmp_path):
    given = source(tmp_path, "fine", "late")
    with BatchServer(By({"late": [TIMED_OUT, TIMED_OUT, r.good]})) as server:
        ended = by_batches(server, given)
    assert (len(ended.results), ended.dead) == (2, [])


@pytest.mark.parametrize("lost", [EXPIRED, MISSING])
def test_what_a_batch_did_not_get_to_is_asked_again_and_not_paid_twice(tmp_path, lost):
    given = source(tmp_path, *TITLES)
    script = By({"Invented 2": [lost, r.good], "Invented 4": [lost, lost, lost, r.good]})
    with BatchServer(script) as server:
        server.course_of = lambda number: ("in_progress", "expired" if number < 2 else "completed")
        ended = by_batches(server, given)
        assert sorted(server.submitted.values()) == [1, 1, 1, 1, 1, 2, 4]
    assert (len(ended.results), ended.dead) == (7, [])
    assert ended.tally.calls == 7


@pytest.mark.parametrize("lost", [EXPIRED, MISSING])
def test_what_no_batch_gets_to_is_dead_after_four(tmp_path, lost):
    given = source(tmp_path, "fine", "never")
    with BatchServer(By({"never": lost})) as server:
        ended = by_batches(server, given)
        assert sorted(server.submitted.values()) == [1, 4]
    assert ended.reasons == {"a1": "unavailable"}
    assert ended.dead[0]["found"]["usage"]["unmetered_calls"] == 0


def test_windows_and_halves_go_in_rounds(tmp_path):
    given = source(tmp_path, "long")
    with BatchServer(lambda q: r.length(q) if len(r.asked(q)) > 1 else r.good(q)) as server:
        calls, _ = by_calls(server, given, tmp_path)
        ended = by_batches(server, given)
        sizes = [len(made.lines) for made in server.batches.values()]
    assert sizes == [1, 2, 4]
    assert alike(ended.results) == alike(calls)
    assert ended.results[0]["usage"]["calls"] == 7


def test_a_parameter_that_the_model_does_not_take_is_left_out(tmp_path):
    def choosy(request):
        if "temperature" in request.json:
            return r.error(400, "unsupported_value", "temperature")
        if "max_completion_tokens" in request.json:
            return r.error(400, "unsupported_parameter", "max_completion_tokens")
        return r.good(request)

    given = source(tmp_path, *TITLES)
    with BatchServer(choosy) as server:
        ended = by_batches(server, given)
        assert len(server.batches) == 3
    assert (len(ended.results), ended.dead) == (7, [])


def test_the_line_is_what_a_call_would_send(tmp_path):
    given, sent = source(tmp_path, "Invented é"), []
    with BatchServer(lambda q: sent.append(q.raw) or r.good(q)) as server:
        by_calls(server, given, tmp_path)
        by_batches(server, given)
        (made,) = server.batches.values()
    called, batched = map(json.loads, sent)
    assert json.dumps(called) == json.dumps(batched)  # in the same order, too
    (line,) = made.lines
    assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
    assert len(line["custom_id"]) == 64


def test_split_by_number(tmp_path):
    given = source(tmp_path, *TITLES)
    with BatchServer(most=3) as server:
        ended = by_batches(server, given, of(3))
        assert [len(made.lines) for made in server.batches.values()] == [3, 3, 1]
    assert len(ended.results) == 7


def test_split_by_size(tmp_path):
    given = source(tmp_path, *TITLES)
    with BatchServer() as server:
        by_batches(server, given)
        (whole,) = server.files["file-0000"].data.splitlines(keepends=True)[:1]
    folder = tmp_path / "again"
    folder.mkdir()
    with BatchServer() as server:
        ended = by_batches(server, source(folder, *TITLES), of(99, len(whole) * 2 + 10))
        sizes = [len(made.file.data) for made in server.batches.values()]
    assert len(sizes) == 4
    assert max(sizes) <= len(whole) * 2 + 10
    assert len(ended.results) == 7


def test_one_line_larger_than_a_file_goes_alone(tmp_path):
    with BatchServer() as server:
        ended = by_batches(server, source(tmp_path, *TITLES[:3]), of(99, 1))
        assert [len(made.lines) for made in server.batches.values()] == [1, 1, 1]
    assert len(ended.results) == 3


def test_full_files_go_out_while_inputs_are_still_read(tmp_path, monkeypatch):
    monkeypatch.setattr("extractor.bulk.feed.CHUNK", 2)
    given = source(tmp_path, *TITLES)
    listed = []
    with BatchServer() as server:
        server.at = lambda point: point == "create" and listed.append(len(server.requests))
        watched = Ledger.enlist
        monkeypatch.setattr(
            Ledger, "enlist", lambda self, rows: (listed.append("rows"), watched(self, rows))[1]
        )
        ended = by_batches(server, given, of(2))
    assert listed.index("rows", 2) > next(n for n, each in enumerate(listed) if each != "rows")
    assert len(ended.results) == 7


def test_the_same_text_under_many_ids_is_asked_about_once(tmp_path, monkeypatch):
    monkeypatch.setattr("extractor.bulk.feed.CHUNK", 2)
    given = source(tmp_path, "one", "one", "two", "one", "two")
    with BatchServer() as server:
        ended = by_batches(server, given, of(1))
        assert len(server.submitted) == 2
    assert len(ended.results) == 5
    assert (ended.tally.known, ended.tally.asked, ended.tally.listed) == (3, 2, 5)


def test_what_is_done_is_not_asked_again(tmp_path):
    given = source(tmp_path, *TITLES, "refused")
    with BatchServer(By(SHAPES)) as server:
        first = by_batches(server, given)
        asked = len(server.requests)
        second = by_batches(server, given)
        assert len(server.requests) == asked
    assert second.results == first.results
    assert second.dead == first.dead
    assert rows(given, "SELECT count(*) FROM questions UNION ALL SELECT count(*) FROM waiting") == [
        (0,),
        (0,),
    ]


def test_dead_letters_are_asked_again_and_nothing_else(tmp_path):
    given = source(tmp_path, "fine", "odd", "bad")
    script = By({"odd": [r.REFUSAL, r.good], "bad": r.REFUSAL})
    with BatchServer(script) as server:
        assert by_batches(server, given).reasons == {"a1": "refused", "a2": "refused"}
        ended = by_batches(server, given, retry_dead=True)
    assert ended.reasons == {"a2": "refused"}
    assert script.asked == {"fine": 1, "odd": 2, "bad": 2}


def test_texts_without_a_question_need_no_batch(tmp_path):
    given = tmp_path / "in.jsonl"
    texts = ["Thank you for registering\n\nPlease refresh the page\n", "", "bell \x07"]
    given.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    with BatchServer() as server:
        ended = by_batches(server, given)
        assert server.requests == []
    assert (ended.accounts.results, ended.accounts.dead) == (1, 2)


def test_a_bug_met_by_one_article_costs_the_others_nothing(tmp_path, monkeypatch):
    real = batches.Walker._extract

    async def buggy(self, article):
        if article.title == "Invented 3":
            raise ZeroDivisionError(article.text)
        return await real(self, article)

    monkeypatch.setattr(batches.Walker, "_extract", buggy)
    with BatchServer() as server:
        ended = by_batches(server, source(tmp_path, *TITLES))
    assert ended.reasons == {"a3": "unexpected"}
    assert len(ended.results) == 6
    assert r.MARK not in ended.dead[0]["message"]

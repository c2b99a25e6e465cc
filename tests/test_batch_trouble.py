"""Batches that fail as a whole, an account that takes none, money, memory and being interrupted."""

import json
import logging
import signal
import threading
import time
import tracemalloc
from dataclasses import replace

import pytest
import replies as r
from batch_server import CANCELLED, COURSE, BatchServer, Dropped
from batching import (
    QUICK,
    By,
    by_batches,
    failing,
    of,
    plan_of,
    rows,
    settings_of,
    source,
)
from scripted import Reply
from typer.testing import CliRunner

from extractor.batch_wire import Batch
from extractor.bulk import batches, run
from extractor.bulk.batch_ledger import Answer, Noted, Questions
from extractor.bulk.batch_parts import Bounds, Parts
from extractor.bulk.batch_results import answers_in
from extractor.bulk.batch_send import Sender, temporary
from extractor.bulk.ledger import Ledger
from extractor.bulk.stop import Stop
from extractor.cli import app
from extractor.errors import ConfigError
from extractor.prices import price_of
from extractor.settings import Settings
from schemas import Usage

TITLES = [f"Invented {number}" for number in range(7)]
FEW = TITLES[:3]
FULL = {"code": "token_limit_exceeded", "message": f"invented {r.MARK}", "line": None}
MB = 1_000_000


def refused(*problems: dict):
    """Problems of the first batches, then none."""
    left = list(problems)
    return lambda made: [left.pop(0)] if left else []


def test_a_full_queue_is_waited_for_with_less_in_a_file(tmp_path):
    given = source(tmp_path, *TITLES)
    with BatchServer() as server:
        server.problems_of = lambda made: [FULL] if len(made.lines) > 2 else []
        ended = by_batches(server, given)
        sizes = [len(made.lines) for made in server.batches.values()]
        assert max(server.submitted.values()) == 1
    assert sizes[:3] == [7, 3, 1]
    assert (len(ended.results), ended.dead, ended.stop.why) == (7, [], None)


def test_a_queue_that_is_full_for_long_makes_nothing_dead(tmp_path):
    with BatchServer() as server:
        server.problems_of = refused(*[FULL] * 9)
        ended = by_batches(server, source(tmp_path, *TITLES[:2]))
    assert (len(ended.results), ended.dead) == (2, [])


def test_a_queue_may_say_so_at_once(tmp_path):
    full = Reply(json.dumps({"error": FULL}).encode(), 429)
    with BatchServer() as server:
        server.failures = [("POST", "/batches", full, False)] * 3
        ended = by_batches(server, source(tmp_path, *TITLES))
        assert len(server.batches) >= 1
    assert (len(ended.results), ended.dead) == (7, [])


def test_a_passing_failure_of_a_batch_makes_nothing_dead(tmp_path):
    with BatchServer() as server:
        server.problems_of = refused(*[{"code": "internal_error"}] * 6)
        ended = by_batches(server, source(tmp_path, *FEW))
    assert (len(ended.results), ended.dead) == (3, [])


def test_a_file_that_is_not_taken_stops_the_run_and_costs_nothing(tmp_path):
    given = source(tmp_path, *FEW)
    with BatchServer() as server:
        server.problems_of = refused({"code": f"invalid_file {r.MARK}", "message": r.MARK})
        ended = by_batches(server, given)
        assert "invalid_file" in str(ended.stop.error)
        assert (ended.accounts.skipped, ended.dead) == (3, [])
        assert len(by_batches(server, given).results) == 3


def test_a_line_that_is_not_taken_costs_the_others_nothing(tmp_path):
    given = source(tmp_path, *TITLES)
    with BatchServer() as server:
        server.problems_of = refused({"code": "context_length_exceeded", "line": 3})
        ended = by_batches(server, given, of(4))
        assert max(server.submitted.values()) == 1
    assert (len(ended.results), ended.dead) == (7, [])
    assert [each["usage"]["calls"] for each in ended.results] == [1, 1, 3, 1, 1, 1, 1]


def test_a_line_that_is_never_taken_is_dead(tmp_path):
    given = source(tmp_path, *TITLES)
    with BatchServer() as server:
        server.problems_of = refused({"code": "invalid_request", "line": 3})
        ended = by_batches(server, given)
    assert ended.reasons == {"a2": "unavailable"}
    assert len(ended.results) == 6


def test_a_batch_that_was_cancelled_is_not_sent_again_by_itself(tmp_path):
    given = source(tmp_path, *TITLES)
    script = By({"Invented 5": [CANCELLED, r.good]})
    with BatchServer(script) as server:
        server.course_of = lambda number: (
            ("in_progress", "cancelling", "cancelled") if not number else COURSE
        )
        ended = by_batches(server, given)
        assert len(server.batches) == 1
        assert "cancelled" in ended.stop.why
        assert ended.stop.error is None
        assert (len(ended.results), ended.accounts.skipped) == (6, 1)
        ended = by_batches(server, given)
        assert sorted(server.submitted.values()) == [1] * 6 + [2]
    assert len(ended.results) == 7


def test_a_long_way_to_the_end_is_waited_for(tmp_path):
    with BatchServer() as server:
        server.course_of = lambda n: ("validating", "in_progress", *["finalizing"] * 9, "completed")
        ended = by_batches(server, source(tmp_path, *FEW), of(2))
    assert len(ended.results) == 3


def test_a_quota_that_ends_amid_a_batch_keeps_what_was_answered(tmp_path):
    given = source(tmp_path, *TITLES)
    script = By({title: [r.QUOTA, r.good] for title in TITLES[3:]})
    with BatchServer(script) as server:
        ended = by_batches(server, given)
        assert "quota" in str(ended.stop.error)
        assert (len(ended.results), ended.dead, ended.accounts.skipped) == (3, [], 4)
        ended = by_batches(server, given)
    assert (len(ended.results), ended.dead) == (7, [])


@pytest.mark.parametrize("answer", [r.UNAUTHORISED, r.NOT_FOUND, r.error(400), r.SERVER_ERROR])
def test_where_nobody_is_answered_nothing_is_dead(tmp_path, answer):
    given = source(tmp_path, *FEW)
    with BatchServer(lambda request: answer) as server:
        ended = by_batches(server, given)
        assert ended.stop.error is not None
        assert (ended.results, ended.dead, ended.accounts.skipped) == ([], [], 3)
        server.answer = r.good
        assert len(by_batches(server, given).results) == 3


def test_one_text_that_is_never_taken_is_dead(tmp_path):
    with BatchServer(By({"Invented 3": r.error(400)})) as server:
        ended = by_batches(server, source(tmp_path, *TITLES))
    assert ended.reasons == {"a3": "unavailable"}
    assert len(ended.results) == 6


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("POST", "/files", 403, "OPENAI_API_KEY"),
        ("POST", "/files", 400, "--via calls"),
        ("POST", "/files", 413, "--via calls"),
        ("POST", "/batches", 404, "--via calls"),
        ("POST", "/batches", 307, "--via calls"),
        ("GET", "/batches", 404, "OPENAI_API_KEY"),
        ("GET", "/files", 404, "OPENAI_API_KEY"),
    ],
)
def test_what_the_provider_refuses_for_good_stops_the_run(tmp_path, method, path, status, said):
    given = source(tmp_path, *FEW)
    with BatchServer() as server:
        server.failures = [(method, path, *failing(status))]
        ended = by_batches(server, given)
        assert said in str(ended.stop.error)
        assert ended.accounts.skipped == 3
        assert len(by_batches(server, given).results) == 3
        assert max(server.submitted.values()) == 1


@pytest.mark.parametrize("status", [429, 500])
@pytest.mark.parametrize("after", [False, True])
def test_what_passes_is_tried_again_and_nothing_is_made_twice(tmp_path, status, after):
    given = source(tmp_path, *FEW)
    paths = [("POST", "/files"), ("POST", "/batches"), ("GET", "/batches"), ("GET", "/files")]
    with BatchServer() as server:
        server.failures = [(*path, *failing(status, after)) for path in paths * 2]
        ended = by_batches(server, given, of(2))
        assert not server.failures
        assert max(server.submitted.values()) == max(server.tokens.values()) == 1
        assert server.calls("POST", "/files") == (4 if not after else 2)
    assert (len(ended.results), ended.dead) == (3, [])


@pytest.mark.parametrize(
    "point", ["upload", "uploaded", "create", "created", "look", "downloading"]
)
def test_a_broken_connection_makes_nothing_twice(tmp_path, point):
    left = {point: 3}

    def at(here: str) -> None:
        if left.get(here):
            left[here] -= 1
            raise Dropped

    with BatchServer() as server:
        server.at = at
        ended = by_batches(server, source(tmp_path, *FEW), of(2))
        assert max(server.submitted.values()) == max(server.tokens.values()) == 1
    assert left[point] < 3
    assert (len(ended.results), ended.dead) == (3, [])


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"id": 7}', b'{"data": 5}'])
def test_a_strange_answer_makes_nothing_twice(tmp_path, body):
    paths = [("POST", "/files"), ("POST", "/batches"), ("GET", "/batches/")]
    with BatchServer() as server:
        server.failures = [(*path, Reply(body), True) for path in paths]
        ended = by_batches(server, source(tmp_path, *FEW))
        assert max(server.submitted.values()) == 1
    assert len(ended.results) == 3


def test_a_provider_that_is_away_for_long_ends_the_run_and_loses_nothing(tmp_path):
    given = source(tmp_path, *FEW)
    with BatchServer() as server:
        server.failures = [("GET", "/batches/", *failing(503))] * 500
        ended = by_batches(server, given, replace(QUICK, patience=0.1))
        assert "503" in str(ended.stop.error)
        assert "1 batch goes on at the provider" in ended.stop.why
        server.failures = []
        assert len(by_batches(server, given).results) == 3
        assert max(server.submitted.values()) == 1


def test_a_wrong_key_is_said_and_not_told(tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    given = source(tmp_path, *FEW)
    with BatchServer() as server:
        settings = replace(settings_of(server), api_key="sk-another")
        ended = by_batches(server, given, settings=settings)
    assert "OPENAI_API_KEY" in str(ended.stop.error)
    out, errors = capfd.readouterr()
    told = caplog.text + out + errors + str(ended.stop)
    assert "sk-another" not in told
    assert r.KEY not in told


def test_nothing_of_a_text_is_logged(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    script = By({"Invented 1": r.error(500), "Invented 2": r.error(400), "Invented 3": r.HTML})
    with BatchServer(script) as server:
        ended = by_batches(server, source(tmp_path, *TITLES))
    loud = [each.getMessage() for each in caplog.records if each.levelno >= logging.INFO]
    assert not [each for each in loud if r.MARK in each or r.KEY in each or "HTTP Request" in each]
    assert not [each for each in ended.dead if r.MARK in each["message"]]


def test_a_batch_costs_half(tmp_path):
    priced = {"model": "gpt-4.1-mini"}
    with BatchServer() as server:
        settings = settings_of(server, **priced)
        ended = by_batches(server, source(tmp_path, *TITLES), settings=settings)
        price = price_of(settings)
    used = Usage(input_tokens=101, cached_tokens=64, output_tokens=17)
    assert ended.results[0]["usage"]["cost_usd"] == pytest.approx(price.cost(used) / 2, abs=1e-8)
    assert ended.tally.cost == pytest.approx(7 * price.cost(used) / 2, abs=1e-7)


def test_a_part_that_would_cost_too_much_is_not_sent(tmp_path):
    given = source(tmp_path, *TITLES)
    with BatchServer() as server:
        settings = settings_of(server, model="gpt-4.1-mini")
        ended = by_batches(server, given, settings=settings, max_cost=0.0005)
        assert server.requests == []
        assert "0.0005 US dollars" in ended.stop.why
        (cost,) = rows(given, "SELECT max(cost) FROM questions")[0]
        ended = by_batches(server, given, settings=settings, max_cost=2.5 * cost)
        assert next(len(made.lines) for made in server.batches.values()) == 2
        assert ended.tally.cost <= 2.5 * cost
        assert ended.stop.error is None
        assert len(by_batches(server, given, settings=settings).results) == 7
        assert max(server.submitted.values()) == 1


def test_what_another_run_left_unsent_keeps_to_the_limit_too(tmp_path):
    given = source(tmp_path, *TITLES)
    with BatchServer() as server:
        settings = settings_of(server, model="gpt-4.1-mini")
        server.failures = [("POST", "/batches", *failing(403))]
        by_batches(server, given, settings=settings)
        ended = by_batches(server, given, settings=settings, max_cost=0.0005)
        assert (len(server.batches), ended.accounts.skipped) == (0, 7)


def test_an_interrupted_run_leaves_the_batches_to_the_next(tmp_path):
    given, stop = source(tmp_path, *TITLES), Stop()
    with BatchServer() as server:
        server.course_of = lambda number: ("in_progress",) * 999
        server.at = lambda point: stop.interrupt() if server.calls("GET", "/batches/") > 4 else None
        ended = by_batches(server, given, of(4), stop)
        assert ended.stop.interrupted
        assert ended.stop.why.startswith("interrupted; 2 batches go on at the provider")
        assert ended.accounts.skipped == 7
        for made in server.batches.values():
            made.course = ["completed"]
        ended = by_batches(server, given, of(4))
        assert max(server.submitted.values()) == 1
    assert len(ended.results) == 7


def test_an_interruption_while_inputs_are_read_is_heard(tmp_path, monkeypatch):
    monkeypatch.setattr("extractor.bulk.feed.CHUNK", 1)
    given, stop = source(tmp_path, *TITLES), Stop()
    monkeypatch.setattr(batches.Desk, "open", lambda self, articles: _none(stop.interrupt))
    with BatchServer() as server:
        ended = by_batches(server, given, stop=stop)
    assert ended.accounts.inputs == 1


async def _none(step) -> None:
    step()


def test_another_model_leaves_what_waits_alone(tmp_path):
    given, stop = source(tmp_path, *TITLES), Stop()
    with BatchServer() as server:
        server.at = lambda point: stop.interrupt() if point == "look" else None
        by_batches(server, given, of(4), stop)
        server.at = lambda point: None
        other = by_batches(server, given, of(4), settings=settings_of(server, model="gpt-other"))
        models = [{line["body"]["model"] for line in m.lines} for m in server.batches.values()]
        assert models == [{"gpt-test"}, {"gpt-other"}, {"gpt-other"}]
        assert other.results[0]["provenance"]["model"] == "gpt-other"
        ended = by_batches(server, given, of(4))
        assert max(server.submitted.values()) == 1
    assert len(ended.results) == 14 - 7


def test_batches_under_way_are_not_paid_again_by_calls(tmp_path):
    given, stop = source(tmp_path, *FEW), Stop()
    with BatchServer() as server:
        server.at = lambda point: stop.interrupt() if point == "look" else None
        by_batches(server, given, stop=stop)
        with pytest.raises(ConfigError, match="--via batch first"):
            run.run(replace(plan_of(given), via="calls"), settings_of(server), Stop())
        by_batches(server, given)
        report = run.run(replace(plan_of(given), via="calls"), settings_of(server), Stop())
        assert server.calls("POST", "/chat") == 0
    assert report.accounts.results == 3


def test_a_batch_that_the_provider_has_forgotten_is_asked_again(tmp_path, monkeypatch):
    given, stop = source(tmp_path, *FEW), Stop()
    with BatchServer() as server:
        server.at = lambda point: stop.interrupt() if point == "look" else None
        by_batches(server, given, stop=stop)
        server.at = lambda point: None
        server.batches.clear()
        assert by_batches(server, given).stop.error is not None
        monkeypatch.setattr(batches, "KEPT_SECONDS", 0.0)
        assert len(by_batches(server, given).results) == 3


def test_the_command(tmp_path, monkeypatch):
    usual = batches.fill_by_batches
    monkeypatch.setattr(run, "fill_by_batches", lambda *given: usual(*given, QUICK))
    monkeypatch.setenv("OPENAI_API_KEY", r.KEY)
    given, output = source(tmp_path, *TITLES), tmp_path / "out.jsonl"
    with BatchServer(By({"Invented 1": r.REFUSAL})) as server:
        words = ["backfill", given, output, "--model", "gpt-4.1-mini", "--base-url", server.url]
        by_call = CliRunner().invoke(app, [str(w) for w in [*words, "--dry-run"]])
        words += ["--via", "batch"]
        dry = CliRunner().invoke(app, [str(w) for w in [*words, "--dry-run"]])
        assert server.requests == []
        told = CliRunner().invoke(app, [str(word) for word in words])
    assert told.exit_code == 1, told.output
    assert "7 inputs = 6 results + 1 dead letter + 0 skipped" in told.output
    assert len(output.read_bytes().splitlines()) == 6
    full, half = (float(each.output.split("$")[1].split()[0]) for each in (by_call, dry))
    assert half == pytest.approx(full / 2, abs=1e-4)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--via", "pigeon"], "choose one of calls, batch"),
        (["--via", "batch"], "An embedded model has no batches"),
    ],
)
def test_what_cannot_be_is_said_at_once(tmp_path, words, said, monkeypatch):
    monkeypatch.delenv("EXTRACTOR_MODEL", raising=False)
    given, output = source(tmp_path, *TITLES), tmp_path / "out.jsonl"
    told = CliRunner().invoke(app, ["backfill", str(given), str(output), *words])
    assert told.exit_code == 2
    assert said in told.stderr
    assert not list(tmp_path.glob("out*"))


class Swallowing:
    """A provider that takes what comes, piece by piece, and keeps nothing but its size."""

    size = 0

    async def upload(self, file, name: str) -> str:
        file.seek(0)
        while piece := file.read(65536):
            self.size += len(piece)
        return "file-1"

    async def create(self, file_id: str, token: str) -> Batch:
        return Batch("batch_1", "validating")


async def _sent(sender: Sender, part) -> None:
    await sender.send(part, is_new=True)


def test_a_large_file_is_never_in_memory(tmp_path):
    import asyncio

    body = json.dumps({"text": "Invented. " * 5_000}).encode()
    with Ledger(tmp_path / "x.ledger") as ledger:
        questions, parts = Questions(ledger), Parts(ledger)
        noted = [
            (bytes([n]) * 32, b"{}", [Noted(bytes([n]) * 32, body, len(body), 0)])
            for n in range(200)
        ]
        questions.note(noted)
        part = parts.cut(Bounds(50_000, 190 * MB, 1.0), full=False)
        provider = Swallowing()
        sender = Sender(provider, parts, tmp_path, QUICK, Stop())
        tracemalloc.start()
        try:
            asyncio.run(_sent(sender, part))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert provider.size > 10 * MB
    assert peak < 2 * MB
    assert [path.name for path in tmp_path.iterdir()] == ["x.ledger"]


def test_large_results_are_read_line_by_line(tmp_path):
    line = json.dumps(
        {"custom_id": "ab" * 32, "response": {"status_code": 200, "body": "x" * 9_000}}
    )
    with temporary(tmp_path) as file:
        for _ in range(2_000):
            file.write(line.encode() + b"\n")
        file.seek(0)
        tracemalloc.start()
        try:
            count = sum(1 for _ in answers_in(file))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert count == 2_000
    assert peak < 1 * MB


def test_a_line_beyond_any_answer_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr("extractor.bulk.batch_results.BODY_LIMIT", 200)
    good = json.dumps(
        {"custom_id": "ab" * 32, "response": {"status_code": 200, "body": {}}}
    ).encode()
    with temporary(tmp_path) as file:
        file.write(good + b"\n" + b'{"x": "' + b"y" * 999 + b'"}\n' + good)
        file.seek(0)
        assert [answer.status for answer in answers_in(file)] == [200, 200]


def test_ctrl_c_is_heard_while_it_waits(tmp_path, monkeypatch):
    usual = batches.fill_by_batches
    monkeypatch.setattr(
        run, "fill_by_batches", lambda *given: usual(*given, replace(QUICK, first_look=30.0))
    )
    given = source(tmp_path, *FEW)
    with BatchServer() as server:
        server.course_of = lambda number: ("in_progress",) * 99
        seen = threading.Event()
        server.at = lambda point: seen.set() if point == "look" else None
        main = threading.get_ident()

        def press() -> None:
            seen.wait(20)
            time.sleep(0.05)
            signal.pthread_kill(main, signal.SIGINT)

        threading.Thread(target=press, daemon=True).start()
        began = time.monotonic()
        report = run.run(plan_of(given), settings_of(server), Stop())
    assert report.interrupted
    assert "goes on at the provider" in report.stopped
    assert time.monotonic() - began < 15


def test_no_endpoint_is_needed_for_an_embedded_model(tmp_path):
    with pytest.raises(ConfigError, match="no batches"):
        run.run(plan_of(source(tmp_path, "x")), Settings(), Stop())


def test_a_file_waits_until_the_one_before_was_looked_through(tmp_path):
    with BatchServer() as server:
        server.course_of = lambda number: ("validating",) * 3 + COURSE
        seen = []
        server.at = lambda point: (
            seen.extend(made.status for made in server.batches.values())
            if point == "create"
            else None
        )
        ended = by_batches(server, source(tmp_path, *TITLES), of(2))
    assert seen
    assert "validating" not in seen
    assert len(ended.results) == 7


@pytest.fixture
def two_parts(tmp_path):
    """The ledger's parts, with one question in each."""
    with Ledger(tmp_path / "x.ledger") as ledger:
        questions, parts = Questions(ledger), Parts(ledger)
        keys = [b"a" * 32, b"b" * 32]
        questions.note([(key, b"{}", [Noted(key, b"{}", 2, 1.0)]) for key in keys])
        made = [parts.cut(Bounds(1, 9, 9.0), full=False) for _ in keys]
        yield questions, parts, made, keys


def test_an_answer_counts_only_for_its_own_part(two_parts):
    questions, parts, (first, second), (_, other) = two_parts
    parts.take(first, [Answer(other, 200, b"{}")])
    assert questions.answers(other) == {}
    parts.take(second, [Answer(other, 200, b"{}")])
    assert questions.answers(other)[other].status == 200


@pytest.mark.parametrize(
    ("statuses", "kept"), [([500, 200], 200), ([200, 500], 200), ([429, 500], 429)]
)
def test_of_two_answers_to_one_question_the_good_one_counts(two_parts, statuses, kept):
    questions, parts, (first, _), (key, _) = two_parts
    parts.take(first, [Answer(key, status, f"{status}".encode()) for status in statuses])
    assert questions.answers(key)[key] == Answer(key, kept, f"{kept}".encode())

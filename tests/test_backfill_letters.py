"""A backfill where something fails: dead letters, a silent server, a refused key, a cap."""

import json

import pytest
import replies
from backfilling import (
    accounts,
    answered,
    articles,
    is_right,
    ledger_of,
    letters,
    number_of,
    numbers,
    options,
    query,
    results,
    run,
    text,
    written,
)
from harness import small_windows
from scripted import Reply, Scripted

from extractor import ConfigError, backfill, llm
from extractor.bulk import feed
from extractor.bulk.pool import LEAST_STREAK
from extractor.exits import Exit
from extractor.settings import Settings

COUNT = 40
# What goes wrong with which article, under which reason, and a word of the message.
WRONG = {
    3: (replies.REFUSAL, "refused", "refused"),
    7: (replies.FILTERED, "filtered", "filter"),
    11: (replies.FILTER_400, "filtered", "filter"),
    13: (replies.completion('{"cla', finish="length"), "truncated", "cut"),
    17: (replies.INVALID_JSON, "invalid", "JSON"),
    19: (replies.SERVER_ERROR, "unavailable", "500"),
}
PRICED = "gpt-4o"
CALL_COSTS = (101 - 64) * 2.5e-6 + 64 * 1.25e-6 + 17 * 10e-6


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(llm, "FIRST_WAIT", 0.001)
    monkeypatch.setenv("OPENAI_API_KEY", replies.KEY)


@pytest.fixture
def source(tmp_path):
    return articles(tmp_path / "in.jsonl", COUNT)


@pytest.fixture
def output(tmp_path):
    return tmp_path / "out.jsonl"


def failing(request) -> Reply:
    return answered({number: reply for number, (reply, *_) in WRONG.items()})(request)


def test_dead_letters_say_why_and_only_they_are_retried(source, output):
    with Scripted(failing) as server:
        first = run(source, output, *options(server))
        assert first.exit_code == Exit.INCOMPLETE
        assert accounts(first.stdout) == (COUNT - len(WRONG), len(WRONG), 0)
        found = {each["position"]: each for each in letters(output)}
        assert list(found) == sorted(WRONG)
        for number, (_, reason, word) in WRONG.items():
            assert found[number]["reason"] == reason
            assert word in found[number]["message"]
            assert found[number]["id"] == found[number]["name"] == f"a{number}"
            assert found[number]["found"]["status"] == reason
        assert "2 filtered" in first.stdout
        assert "--retry-dead" in first.stdout
        assert len(results(output)) == COUNT - len(WRONG)
        assert [r["article"]["id"] for r in results(output)] == [
            f"a{n}" for n in range(COUNT) if n not in WRONG
        ]

        before = len(server.requests)
        again = run(source, output, *options(server))
        assert again.exit_code == Exit.INCOMPLETE
        assert accounts(again.stdout) == accounts(first.stdout)
        assert len(server.requests) == before

        server.script = [answered()]
        healed = run(source, output, *options(server, "--retry-dead"))
        assert (healed.exit_code, accounts(healed.stdout)) == (Exit.OK, (COUNT, 0, 0))
        assert sorted(numbers(server)[before:]) == sorted(WRONG)
    assert is_right(output, COUNT)
    assert not output.with_name("out.jsonl.dead.jsonl").exists()


def test_a_retry_asks_about_dead_letters_and_nothing_else(source, output):
    with Scripted(failing) as server:
        articles(source, 20)
        run(source, output, *options(server))
        before = len(server.requests)
        articles(source, COUNT)  # twenty more, which a retry leaves alone
        server.script = [answered({3: replies.REFUSAL})]
        told = run(source, output, *options(server, "--retry-dead"))
    assert accounts(told.stdout) == (19, 1, 20)
    assert told.exit_code == Exit.INCOMPLETE
    assert sorted(numbers(server)[before:]) == sorted(WRONG)


def test_a_text_that_dies_again_is_asked_about_once_under_all_its_ids(
    tmp_path, output, monkeypatch
):
    monkeypatch.setattr(feed, "CHUNK", 1)
    source = written(tmp_path / "in.jsonl", [text(n if n % 3 else 3) for n in range(60)])
    with Scripted(failing) as server:
        for more in ([], ["--retry-dead"]):
            run(source, output, *options(server, "--concurrency", 1, *more))
    assert numbers(server).count(3) == 2
    assert len([each for each in letters(output) if each["reason"] == "refused"]) == 20


def test_a_partial_extraction_is_a_dead_letter_that_keeps_what_was_found(tmp_path, output):
    source = written(tmp_path / "in.jsonl", [replies.ARTICLE.text])

    def step(request):
        divers = any(sentence.startswith("Divers") for _, sentence in replies.asked(request))
        return replies.REFUSAL if divers else replies.good(request)

    with Scripted(step) as server, small_windows():
        told = run(source, output, *options(server))
    assert accounts(told.stdout) == (0, 1, 0)
    assert results(output) == []
    [letter] = letters(output)
    assert letter["reason"] == letter["found"]["status"] == "partial"
    assert len(letter["found"]["claims"]) == 3
    assert "article" not in letter["found"]


@pytest.mark.parametrize("count", [3, 100])
def test_where_nobody_gets_an_answer_all_are_skipped(source, output, count):
    articles(source, count)
    with Scripted(replies.SERVER_ERROR) as server:
        result = run(source, output, *options(server, "--concurrency", 4))
        asked = len(set(numbers(server)))
        assert result.exit_code == Exit.USAGE
        assert accounts(result.stdout) == (0, 0, count)
        assert "stopped early: the model does not answer" in result.stdout
        assert "got no answer" in result.stderr
        assert "500" in result.stderr
        assert asked <= LEAST_STREAK + 4
        assert not output.exists()
        server.script = [answered()]
        assert run(source, output, *options(server)).exit_code == Exit.OK
    assert is_right(output, count)


def test_a_server_that_falls_silent_midway_costs_no_dead_letters(source, output):
    def step(request):
        return replies.SERVER_ERROR if number_of(request) >= 10 else answered()(request)

    with Scripted(step) as server:
        result = run(source, output, *options(server, "--concurrency", 2))
    assert result.exit_code == Exit.USAGE
    assert accounts(result.stdout) == (10, 0, COUNT - 10)


def test_no_server_at_all_is_said(source, output):
    result = run(source, output, *options("http://127.0.0.1:9/v1"))
    assert result.exit_code == Exit.USAGE
    assert accounts(result.stdout) == (0, 0, COUNT)
    assert "could not be reached" in result.stderr


@pytest.mark.parametrize(
    ("reply", "told"),
    [(replies.UNAUTHORISED, "OPENAI_API_KEY"), (replies.NOT_FOUND, "the model's name")],
)
def test_a_refused_key_or_name_stops_the_run_and_kills_nothing(source, output, reply, told):
    with Scripted(reply) as server:
        result = run(source, output, *options(server, "--concurrency", 4))
        assert result.exit_code == Exit.USAGE
        assert told in result.stderr
        assert replies.KEY not in result.output
        assert replies.MARK not in result.output
        assert accounts(result.stdout) == (0, 0, COUNT)
        assert len(server.requests) <= 8
        with pytest.raises(ConfigError, match=told):
            backfill(source, output, settings=Settings("gpt-test", server.url, "k"))
        server.script = [answered()]
        assert run(source, output, *options(server)).exit_code == Exit.OK


def test_a_used_up_quota_stops_the_run_and_kills_nothing(source, output):
    with Scripted(*[answered()] * 10, replies.QUOTA) as server:
        result = run(source, output, *options(server, "--concurrency", 4))
    assert result.exit_code == Exit.USAGE
    assert "quota is used up" in result.stderr
    assert accounts(result.stdout) == (10, 0, 30)
    assert len(server.requests) <= 10 + LEAST_STREAK + 4


def test_a_rate_limit_fails_nobody(source, output):
    busy = replies.error(429, "rate_limit_exceeded", retry_after_ms="20")
    with Scripted(busy, answered(), busy, answered()) as server:
        result = run(source, output, *options(server))
    assert (result.exit_code, accounts(result.stdout)) == (Exit.OK, (COUNT, 0, 0))


def test_the_cost_stops_at_the_cap_and_what_is_in_flight(source, output):
    with Scripted(answered()) as server:
        cap = 9.5 * CALL_COSTS
        named = ["--model", PRICED, "--base-url", server.url, "--concurrency", 4]
        first = run(source, output, *named, "--max-cost", cap)
        assert first.exit_code == Exit.INCOMPLETE
        assert 10 <= len(server.requests) <= 10 + 4
        paid = len(server.requests)
        assert accounts(first.stdout) == (paid, 0, COUNT - paid)
        assert "the cost has reached" in first.stdout
        assert f"${paid * CALL_COSTS:,.4f}" in first.stdout
        assert is_right(output, paid)
        assert run(source, output, *named).exit_code == Exit.OK
        assert len(server.requests) == COUNT


def test_a_cap_holds_where_the_server_sends_no_usage(source, output):
    step = replies.completion('{"claims": []}', usage=None)
    with Scripted(step) as server:
        named = ["--model", PRICED, "--base-url", server.url, "--concurrency", 4]
        told = run(source, output, *named, "--max-cost", 0.2).stdout
    assert len(server.requests) < COUNT
    assert "or more" in told


def test_prices_may_be_ones_own(source, output, tmp_path):
    prices = tmp_path / "prices.json"
    model = {"input": 1000, "cached": 1000, "output": 0}
    prices.write_text(
        json.dumps(
            {"version": 1, "as_of": "2026-11", "batch_share": 0.5, "models": {"gpt-test": model}}
        )
    )
    with Scripted(answered()) as server:
        told = run(
            source,
            output,
            *options(server, "--prices", prices, "--concurrency", 1, "--max-cost", 1.0),
        )
    assert accounts(told.stdout) == (10, 0, COUNT - 10)
    assert "$1.0100" in told.stdout


def test_an_unforeseen_failure_costs_no_other_its_result(source, output, monkeypatch):
    def broken(article, *more):
        if article.id == "a5":
            raise RuntimeError("words of the article")
        return real(article, *more)

    from extractor import core

    real = core.article_record
    monkeypatch.setattr(core, "article_record", broken)
    with Scripted(answered()) as server:
        result = run(source, output, *options(server))
    assert accounts(result.stdout) == (COUNT - 1, 1, 0)
    [letter] = letters(output)
    assert (letter["id"], letter["reason"]) == ("a5", "unexpected")
    assert "RuntimeError" in letter["message"]
    assert "words of" not in json.dumps(letter) + result.output


def test_a_failure_is_never_kept_as_a_result(source, output):
    with Scripted(failing) as server:
        run(source, output, *options(server))
    assert query(output, "SELECT count(*) FROM results") == [(COUNT - len(WRONG),)]
    assert query(output, "SELECT count(*) FROM results JOIN dead USING (key)") == [(0,)]
    assert ledger_of(output).exists()

"""A backfill that ends early: a silent server, a refused key, a used-up quota, a cap on the cost."""

import json

import pytest
import replies
from backfilling import (
    accounts,
    answered,
    articles,
    is_right,
    number_of,
    numbers,
    options,
    run,
)
from scripted import Scripted

from extractor import ConfigError, backfill, llm
from extractor.bulk.pool import LEAST_STREAK
from extractor.exits import Exit
from extractor.settings import Settings

COUNT = 40
PRICED = "gpt-4o"
CALL_COSTS = (101 - 64) * 2.5e-6 + 64 * 1.25e-6 + 17 * 10e-6


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(llm, "FIRST_WAIT", 0.001)
    monkeypatch.setenv("OPENAI_API_KEY", replies.KEY)


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
        # One at a time: an answer that overtakes a refusal would make that a text's own fault.
        result = run(source, output, *options(server, "--concurrency", 1))
    assert result.exit_code == Exit.USAGE
    assert "quota is used up" in result.stderr
    assert accounts(result.stdout) == (10, 0, 30)
    assert len(server.requests) <= 10 + LEAST_STREAK + 1


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

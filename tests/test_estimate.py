"""What a dry run says: nothing is sent, nothing is written, and the figures hold."""

import json
import re

import pytest
import replies
from backfilling import accounts, articles, ledger_of, options, run, text, written
from scripted import Scripted

from extractor import backfill
from extractor.bulk import estimate
from extractor.bulk.run import Backfill, estimated
from extractor.exits import Exit
from extractor.settings import Settings

FIGURES = re.compile(
    r"about ([\d,]+) calls?, ([\d,]+) tokens in, ([\d,]+) out \(reckoned from (.+)\)"
)
COST = re.compile(r"cost: about \$([\d,.]+) at the prices of (\S+)")
SPENT = re.compile(r"this run: ([\d,]+) calls?, ([\d,]+) tokens in, ([\d,]+) out, \$([\d,.]+)")
PRICED = "gpt-4o-mini"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", replies.KEY)


def number(word: str) -> float:
    return float(word.replace(",", ""))


def long_text(at: int) -> str:
    """Articles of 1 to 23 sentences, some with none that can claim anything."""
    if at % 11 == 10:
        return f"Thank you for registering\n\nPlease refresh the page {at}\n"
    return " ".join(text(1_000 * at + line) for line in range(1 + (7 * at) % 23))


def metered(request) -> replies.Reply:
    """What it bills follows what it was asked, as a model's would."""
    sent = sum(len(message["content"]) for message in request.json["messages"])
    sentences = len(replies.LINE.findall(request.user))
    return replies.completion('{"claims": []}', usage=(sent // 5, 90 * sentences))


def test_a_dry_run_sends_nothing_and_leaves_nothing(tmp_path, output):
    source = articles(tmp_path / "in.jsonl", 30)
    with source.open("a") as file:
        file.write("no JSON\n" + json.dumps({"text": text(3)}) + "\n")
    with Scripted(metered) as server:
        result = run(source, output, *options(server, "--dry-run"))
        assert server.requests == []
    assert result.exit_code == Exit.OK
    assert "32 inputs: 0 done, 1 dead letters, 31 to do (30 different texts)" in result.stdout
    assert FIGURES.search(result.stdout)[1] == "30"
    assert "averages" in result.stdout
    assert "cost unknown: gpt-test is on no price list" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


@pytest.mark.parametrize("done", [0, 60])
def test_the_figures_hold_against_what_a_run_then_uses(tmp_path, output, done):
    """Calls are exact; tokens and cost are once there are results, whatever the model is like."""
    source = written(tmp_path / "in.jsonl", map(long_text, range(done)))
    with Scripted(metered) as server:
        named = ["--model", PRICED, "--base-url", server.url]
        if done:
            run(source, output, *named)
        written(source, [*map(long_text, range(160)), *map(long_text, range(20))])
        told = run(source, output, *named, "--dry-run").stdout
        guess = [number(each) for each in FIGURES.search(told).groups()[:3]]
        guess.append(number(COST.search(told)[1]))
        assert COST.search(told)[2] == "2026-11"
        assert f"180 inputs: {done + min(20, done)} done" in told
        spent = run(source, output, *named).stdout
    used = [number(each) for each in SPENT.search(spent).groups()]
    assert accounts(spent) == (180, 0, 0)
    assert guess[0] == used[0]
    if done:
        assert guess == pytest.approx(used, rel=0.1)
        assert "its own results so far" in told


def test_when_all_is_done_nothing_is_left_to_pay(tmp_path, output):
    source = articles(tmp_path / "in.jsonl", 10)
    with Scripted(metered) as server:
        run(source, output, *options(server))
        told = run(source, output, *options(server, "--dry-run")).stdout
        assert "10 inputs: 10 done, 0 dead letters, 0 to do (0 different texts)" in told
        assert "about 0 calls, 0 tokens in, 0 out" in told
        before = ledger_of(output).read_bytes()
        assert run(source, output, *options(server)).exit_code == Exit.OK
        assert len(server.requests) == 10
    assert before


def test_the_embedded_model_costs_nothing(tmp_path, output, monkeypatch):
    monkeypatch.delenv("EXTRACTOR_MODEL", raising=False)
    source = articles(tmp_path / "in.jsonl", 3)
    told = run(source, output, "--dry-run").stdout
    assert "cost: nothing, the model is on this machine" in told
    assert FIGURES.search(told)[1] == "3"
    assert not ledger_of(output).exists()


def test_a_price_list_of_ones_own_is_named(tmp_path, output):
    prices = tmp_path / "prices.json"
    model = {"input": 1.0, "cached": 1.0, "output": 2.0}
    listed = {"version": 1, "as_of": "2031-02", "batch_share": 0.5, "models": {"gpt-test": model}}
    prices.write_text(json.dumps(listed))
    source = articles(tmp_path / "in.jsonl", 5)
    more = options("http://127.0.0.1:9/v1", "--dry-run", "--prices", prices)
    assert COST.search(run(source, output, *more).stdout)[2] == "2031-02"
    more[-1] = str(tmp_path / "broken.json")
    (tmp_path / "broken.json").write_text("{}")
    broken = run(source, output, *more)
    assert broken.exit_code == Exit.USAGE
    assert "broken.json is no price list" in broken.stderr


def test_a_sample_of_many_stands_for_all(tmp_path, output, monkeypatch):
    monkeypatch.setattr(estimate, "SAMPLE", 40)
    source = written(tmp_path / "in.jsonl", map(long_text, range(400)))
    settings = Settings("gpt-test", "http://127.0.0.1:9/v1", "k")
    plan = Backfill(str(source), output)
    sampled = estimated(plan, settings).usage
    monkeypatch.setattr(estimate, "SAMPLE", 1_000)
    whole = estimated(plan, settings).usage
    assert sampled.input_tokens == pytest.approx(whole.input_tokens, rel=0.2)
    assert sampled.output_tokens == pytest.approx(whole.output_tokens, rel=0.2)


def test_from_python_the_ledger_is_not_made_either(tmp_path, output):
    source = articles(tmp_path / "in.jsonl", 4)
    with Scripted(metered) as server:
        settings = Settings("gpt-test", server.url, "k")
        found = estimated(Backfill(str(source), output), settings)
        assert (found.texts, found.usage.calls, found.accounts.skipped) == (4, 4, 4)
        assert not ledger_of(output).exists()
        assert backfill(source, output, settings=settings).tally.calls == 4

"""A backfill where something fails: dead letters that say why, and a retry of those alone."""

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

from extractor import llm
from extractor.bulk import feed
from extractor.exits import Exit

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


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(llm, "FIRST_WAIT", 0.001)
    monkeypatch.setenv("OPENAI_API_KEY", replies.KEY)


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

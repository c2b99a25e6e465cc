"""Asking once more about sentences that no claim rests on, where settings want it."""

import asyncio
import json
from typing import Any

import pytest
import replies as r
from answering import TEXT, answering, hosted, run
from backfilling import articles, options
from backfilling import run as backfilled
from batch_server import BatchServer
from batching import alike, by_batches, read, settings_of, source
from harness import extractor_at, play, small_windows
from scripted import Request, Scripted

from extractor import Article, Extractor, Settings, backfill, settings_from_env
from extractor.bulk.identity import identity
from prompts import CLAIMS, CLAUSES, load_prompt
from schemas import Extraction

NUMBERS = "No claim rests yet on those numbered "


def missed(request: Request) -> list[int]:
    """The sentences that a question asks about once more; none in a first question."""
    _, asked_again, rest = request.user.partition(NUMBERS)
    return [int(n) for n in rest.split(".")[0].split(", ")] if asked_again else []


def forgetful(request: Request) -> r.Reply:
    """Two of the claims at first, the others when it is asked again."""
    again = missed(request)
    found = [c for c in r.items(request) if (c["s"][0] in again if again else c["s"][0] < 3)]
    return r.completion(json.dumps({"claims": found}))


def then(reply: Any) -> Any:
    """Forgetful at first, ``reply`` when it is asked again."""

    def step(request: Request) -> r.Reply:
        if not missed(request):
            return forgetful(request)
        return reply(request) if callable(reply) else reply

    return step


def looked(step: Any, **more: Any):
    return play(step, second_pass=True, **more)


def test_what_was_missed_is_found_and_both_answers_are_paid_for():
    played = looked(forgetful)
    assert (played.ending, played.calls) == ("ok", 2)
    assert [c.statement for c in played.result.claims] == list(r.SENTENCES)
    assert missed(played.server.requests[1]) == [3, 4]
    usage = played.result.usage
    assert (usage.calls, usage.retries, usage.first_tries) == (2, 0, 2)
    assert (usage.input_tokens, usage.output_tokens) == played.server.billed
    assert played.result.coverage.failed == ()


def test_off_is_the_default():
    played = play(forgetful)
    assert (played.calls, len(played.result.claims)) == (1, 2)


def test_the_second_question_begins_with_the_first_one_whole():
    first, second = (request.json for request in looked(forgetful).server.requests)
    assert len(first["messages"]) == len(second["messages"]) == 2
    assert first["messages"][0] == second["messages"][0]
    told, more = first["messages"][1]["content"], second["messages"][1]["content"]
    assert more.startswith(told)
    assert len(more) > len(told)
    assert first["response_format"] == second["response_format"]


def test_nobody_is_asked_again_where_every_sentence_has_a_claim():
    assert looked(r.good).calls == 1


def test_a_rejected_claim_covers_no_sentence():
    def wrong(request: Request) -> r.Reply:
        items = [{**c, "c": "Nobody | came"} if c["s"] == [1] else c for c in r.items(request)]
        return r.good(request) if missed(request) else r.completion(json.dumps({"claims": items}))

    played = looked(wrong)
    assert missed(played.server.requests[1]) == [1]
    assert (len(played.result.claims), len(played.result.rejected)) == (4, 1)


def test_the_second_answer_is_judged_like_the_first():
    invented = {"s": [4], "by": [], "c": "Divers | found | the treasure", "k": "event"}
    played = looked(then(r.with_item(json.dumps(invented))))
    assert len(played.result.claims) == 4
    found = {**invented, "c": "Divers | […] | the […]"}  # what the article has of it
    assert [x.draft for x in played.result.rejected] == [found]


def test_a_claim_given_twice_stands_once():
    assert len(looked(then(r.good)).result.claims) == 4


@pytest.mark.parametrize(
    "bad",
    [r.REFUSAL, r.INVALID_JSON, r.SERVER_ERROR, r.FILTER_400, r.length, r.QUOTA, r.UNAUTHORISED,
     r.TOO_LONG, r.CUT, r.EMPTY],
)  # fmt: skip
def test_a_failed_second_question_costs_nothing_of_the_first(bad: Any):
    played = looked(then(bad))
    assert (played.ending, len(played.result.claims)) == ("ok", 2)
    (failed,) = played.result.coverage.failed
    assert failed.reason.startswith("When asked again what was missed: ")
    third, fourth = list(r.SENTENCES)[2:]
    assert r.ARTICLE.text[failed.start : failed.end] == f"{third} {fourth}"
    assert len(played.result.coverage.uncovered) == 2


def test_the_deadline_holds_over_both_and_keeps_what_came():
    played = looked(then(r.HANG), deadline=1.5)
    assert (played.ending, len(played.result.claims)) == ("ok", 2)
    assert "deadline" in played.result.coverage.failed[0].reason


def test_each_window_is_asked_again_by_itself():
    with small_windows():
        played = looked(then(r.good))
    assert (played.ending, played.calls, len(played.result.claims)) == ("ok", 6, 4)
    assert [missed(request) for request in played.server.requests[4:]] in ([[3], [4]], [[4], [3]])


def test_a_window_without_an_answer_is_not_asked_again():
    with small_windows():
        played = looked(lambda q: r.REFUSAL if r.asked(q)[0][0] == 1 else forgetful(q))
    again = [number for request in played.server.requests for number in missed(request)]
    assert (played.ending, sorted(again)) == ("partial", [3, 4])


def test_a_used_up_quota_in_the_second_round_stops_the_others():
    with small_windows():
        played = looked(then(r.QUOTA), concurrency=1)
    assert (played.ending, len(played.result.claims)) == ("ok", 2)
    assert played.calls == 5
    assert len(played.result.coverage.failed) == 2


def test_cancelling_leaves_no_call_open():
    async def hurried() -> None:
        with extractor_at(server, second_pass=True) as extractor:
            task = asyncio.ensure_future(extractor.aextract(r.ARTICLE))
            while len(server.requests) < 2:
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    with Scripted(then(r.HANG)) as server:
        asyncio.run(hurried())
    assert len(server.requests) == 2


def test_the_small_models_prompt_is_never_asked_again():
    with (
        Scripted(r.completion('{"claims": []}')) as server,
        Extractor(
            model="m", base_url=server.url, api_key=r.KEY, prompt=CLAUSES, second_pass=True
        ) as extractor,
    ):
        extractor.extract(Article(text="The pier hidden by fog was seen. It sank."))
    assert not any(missed(request) for request in server.requests)


def test_it_is_set_by_argument_environment_and_command(monkeypatch: pytest.MonkeyPatch, tmp_path):
    assert not settings_from_env().second_pass
    monkeypatch.setenv("EXTRACTOR_SECOND_PASS", "on")
    assert settings_from_env().second_pass
    assert not settings_from_env(second_pass=False).second_pass
    monkeypatch.delenv("EXTRACTOR_SECOND_PASS")
    (tmp_path / "news.txt").write_text(TEXT)
    with answering() as server:
        done = run("extract", tmp_path / "news.txt", "--json", "--second-pass", *hosted(server))
    assert len(server.asked) == 2
    assert Extraction.model_validate_json(done.stdout).usage.calls == 2


def test_the_command_says_that_nobody_answered_again(tmp_path, monkeypatch):
    (tmp_path / "news.txt").write_text(r.ARTICLE.text)
    monkeypatch.setenv("OPENAI_API_KEY", r.KEY)
    with Scripted(then(r.REFUSAL)) as server:
        where = ("--model", "gpt-test", "--base-url", server.url)
        done = run("extract", tmp_path / "news.txt", "--json", "--second-pass", *where)
    assert done.exit_code == 0
    assert "When asked again what was missed" in done.stderr


def keys(prompt: str) -> list[bytes]:
    """Of one article: with no word of a second pass, without one, and with one."""
    ways: list[dict[str, bool]] = [{}, {"second_pass": False}, {"second_pass": True}]
    each = (Settings("m", "http://one", "k", **way) for way in ways)
    return [identity(settings, load_prompt(prompt))(r.ARTICLE) for settings in each]


def test_it_is_part_of_a_backfills_key_only_where_it_asks_again():
    unsaid, off, on = keys(CLAIMS)
    assert unsaid == off != on
    assert len(set(keys(CLAUSES))) == 1


def test_a_backfill_asks_again_too(tmp_path, output, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", r.KEY)
    source = articles(tmp_path / "in.jsonl", 3)
    with Scripted(r.completion('{"claims": []}')) as server:
        told = backfilled(source, output, *options(server, "--second-pass", "--dry-run")).stdout
        assert "about 6 calls" in told
        backfilled(source, output, *options(server, "--second-pass"))
        assert len(server.requests) == 6
        backfilled(source, output, *options(server))
        assert len(server.requests) == 9


def test_a_batch_asks_again_in_the_next_one_and_comes_to_the_same(tmp_path):
    given = source(tmp_path, "Invented 1", "Invented 2")
    with BatchServer(forgetful) as server:
        settings = settings_of(server, second_pass=True)
        ended = by_batches(server, given, settings=settings)
        submitted = list(server.submitted.values())
        backfill(given, tmp_path / "calls.jsonl", settings=settings)
    assert (ended.dead, ended.tally.calls, submitted) == ([], 4, [1] * 4)
    assert alike(ended.results) == alike(read(tmp_path / "calls.jsonl"))
    assert [len(result["claims"]) for result in ended.results] == [4, 4]

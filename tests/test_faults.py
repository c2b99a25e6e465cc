"""Every way in which a server or a model can fail ends in a result or a documented error."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import replies as r
from harness import Played, play, small_windows
from scripted import Request, Scripted, Step

from extractor.faults import fault_of_status, retry_after
from schemas import Article

BAD_ENDINGS = [
    ("busy", r.BUSY, "unavailable", 4),
    ("server error", r.SERVER_ERROR, "unavailable", 4),
    ("overloaded", r.OVERLOADED, "unavailable", 4),
    ("unauthorised", r.UNAUTHORISED, "ConfigError", 1),
    ("forbidden", r.FORBIDDEN, "ConfigError", 1),
    ("not found", r.NOT_FOUND, "ConfigError", 1),
    ("redirect", r.REDIRECT, "ConfigError", 1),
    ("quota", r.QUOTA, "unavailable", 1),
    ("refusal", r.REFUSAL, "refused", 1),
    ("filtered answer", r.FILTERED, "filtered", 1),
    ("filtered question", r.FILTER_400, "filtered", 1),
    ("truncated JSON", r.truncated, "invalid", 4),
    ("invalid JSON", r.INVALID_JSON, "invalid", 4),
    ("invalid schema", r.INVALID_SCHEMA, "invalid", 4),
    ("empty message", r.EMPTY, "invalid", 4),
    ("html", r.HTML, "unavailable", 4),
    ("html as json", r.HTML_AS_JSON, "unavailable", 4),
    ("error with 200", r.ERROR_200, "unavailable", 4),
    ("no choices", r.NO_CHOICES, "unavailable", 4),
    ("odd choices", r.ODD_CHOICES, "unavailable", 4),
    ("cut body", r.CUT, "unavailable", 4),
    ("reset", r.RESET, "unavailable", 4),
    ("cut at length", r.length, "truncated", 7),
    ("question too long", r.TOO_LONG, "truncated", 7),
]


@pytest.mark.parametrize(
    ("step", "ending", "calls"), [row[1:] for row in BAD_ENDINGS], ids=[r[0] for r in BAD_ENDINGS]
)
def test_ends_as_documented(step: Step, ending: str, calls: int):
    played = play(step)
    assert (played.ending, played.calls) == (ending, calls)
    if played.extraction:
        assert not played.extraction.claims
        assert played.extraction.coverage.failed


@pytest.mark.parametrize(
    "first",
    [r.BUSY, r.SERVER_ERROR, r.RESET, r.CUT, r.INVALID_JSON, r.HTML, r.ERROR_200, r.truncated],
)
def test_a_fault_that_passes_costs_one_more_call(first: Step):
    played = play(first, r.good)
    assert (played.ending, played.calls, len(played.result.claims)) == ("ok", 2, 4)


def test_an_unreadable_answer_is_asked_for_in_other_words():
    first, second = (q.json["messages"] for q in play(r.INVALID_JSON, r.good).server.requests)
    assert second[:-1] == first
    assert r.MARK not in second[-1]["content"]


@pytest.mark.parametrize("too_much", [r.length, r.TOO_LONG], ids=["answer", "question"])
def test_what_does_not_fit_is_halved_and_never_sent_again(too_much: Step):
    def fits_one(request: Request):
        step = r.good if len(r.asked(request)) == 1 else too_much
        return step(request) if callable(step) else step

    played = play(fits_one)
    assert (played.ending, played.calls, len(played.result.claims)) == ("ok", 7, 4)
    assert len({q.raw for q in played.server.requests}) == 7


def test_a_key_that_fails_midway_keeps_what_was_paid_for():
    with small_windows():
        played = play(r.good, r.UNAUTHORISED, concurrency=1)
    assert (played.ending, played.calls, len(played.result.claims)) == ("partial", 2, 1)
    assert [f.start for f in played.result.coverage.failed] == offsets()[1:]
    assert played.result.usage.input_tokens == r.USAGE[0]


def test_a_used_up_quota_stops_the_other_windows():
    with small_windows():
        played = play(r.QUOTA, concurrency=1)
    assert (played.ending, played.calls) == ("unavailable", 1)
    assert len(played.result.coverage.failed) == 4


@pytest.mark.parametrize("bad", [r.REFUSAL, r.INVALID_JSON, r.SERVER_ERROR, r.FILTER_400, r.length])
def test_one_bad_window_does_not_cost_the_article(bad: Step):
    def second_is_bad(request: Request):
        step = bad if r.asked(request)[0][0] == 2 else r.good
        return step(request) if callable(step) else step

    with small_windows():
        played = play(second_is_bad)
    assert (played.ending, len(played.result.claims)) == ("partial", 3)
    (failed,) = played.result.coverage.failed
    assert r.ARTICLE.text[failed.start : failed.end] == list(r.SENTENCES)[1]


def bad_items() -> dict[str, str]:
    bad = json.dumps(r.claim(2, list(r.SENTENCES)[1]))
    closed = '"c": "Engineers | closed'
    return {
        "surrogate": bad.replace(closed, closed + r"\ud800"),
        "raw surrogate": bad.replace(closed, closed + "\ud800"),
        "NUL": bad.replace(closed, closed + r"\u0000"),
        "raw NUL": bad.replace(closed, closed + "\0"),
        "not an object": "7",
        "another object": '{"fact": null}',
        "wrong type": bad.replace('"k": "event"', '"k": 7'),
        "deep": "[" * 100 + "]" * 100,
        "infinite": '{"s": [1e999, -1e999]}',
    }


@pytest.mark.parametrize("name", bad_items())
def test_one_bad_claim_does_not_cost_the_others(name: str):
    played = play(r.with_item(bad_items()[name]))
    assert (played.ending, played.calls) == ("ok", 1)
    assert (len(played.result.claims), len(played.result.rejected)) == (4, 1)
    stored = "".join(c.model_dump_json() for c in played.result.claims)
    assert "\\u0000" not in stored
    assert stored.isprintable()
    assert played.result.model_dump_json().encode()


def test_a_fenced_answer_is_read():
    def fenced(request: Request):
        return r.completion("```json\n" + json.dumps({"claims": r.items(request)}) + "\n```")

    assert len(play(fenced).result.claims) == 4


ODD_USAGE = [
    {"prompt_tokens": "many"},
    {"prompt_tokens": None, "extra": {}},
    {"prompt_tokens": 1, "completion_tokens": "one", "total_tokens": 2},
    {"completion_tokens_details": 7, "prompt_tokens_details": {"cached_tokens": "x"}},
    [],
    "none",
    7,
]


@pytest.mark.parametrize("usage", ODD_USAGE)
def test_odd_usage_does_not_cost_the_answer(usage: object):
    def odd(request: Request):
        body = json.loads(r.good(request).body) | {"usage": usage}
        return r.Reply(json.dumps(body).encode())

    played = play(odd)
    assert (played.ending, played.calls, played.result.usage.unmetered_calls) == ("ok", 1, 1)


@pytest.mark.parametrize("text", ["", " \n ", "a\0b", "a\ud800b", "a " * 100_001])
def test_an_unreadable_article_costs_no_call(text: str):
    played = play(r.good, article=Article(text=text))
    assert (played.ending, played.calls) == ("ArticleError", 0)


def test_nothing_to_say_costs_no_call():
    played = play(r.good, article=Article(text="Thank you for registering"))
    assert (played.ending, played.calls) == ("ok", 0)


@pytest.mark.parametrize("parameter", ["temperature", "max_completion_tokens"])
def test_a_parameter_that_the_model_does_not_take_is_left_out(parameter: str):
    played = play(r.error(400, "unsupported_value", parameter), r.good)
    first, second = (q.json for q in played.server.requests)
    assert (played.ending, parameter in first, parameter in second) == ("ok", True, False)
    if parameter == "max_completion_tokens":
        assert second["max_tokens"] == first[parameter]


def test_a_server_that_takes_no_parameter_is_not_asked_for_ever():
    played = play(r.error(400, "unsupported_value", "temperature"))
    assert (played.ending, played.calls) == ("ConfigError", 2)


def test_a_gzip_bomb_fails_in_little_memory():
    child = textwrap.dedent("""
        import resource, sys
        from extractor import Article, Extractor
        peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        extractor = Extractor(model="gpt-test", base_url=sys.argv[1], api_key="k", deadline=30)
        extractor.extract(Article(text=sys.argv[2]))
        before = peak()
        print(extractor.extract(Article(text=sys.argv[2])).status, peak() - before)
    """)
    with Scripted(r.good, r.gzip_bomb(300)) as server:
        command = [sys.executable, "-c", child, server.url, r.ARTICLE.text]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT)
    status, growth = ended.stdout.split()
    assert (status, len(server.requests)) == ("invalid", 2)
    assert int(growth) < 100 * 1024  # kilobytes


ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("headers", "low", "high"),
    [
        ({"Retry-After": "3"}, 3, 3),
        ({"retry-after": "0"}, 0, 0),
        ({"Retry-After-Ms": "250"}, 0.25, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2, 2),
        ({"retry-after": 30}, 25, 31),
        ({"retry-after": -30}, 0, 0),
    ],
)
def test_retry_after_is_read_in_every_style(headers: dict, low: float, high: float):
    wait = retry_after({k: v if isinstance(v, str) else r.http_date(v) for k, v in headers.items()})
    assert wait is not None
    assert low <= wait <= high


@pytest.mark.parametrize("value", ["", "nan", "-1", "inf", "soon", "Mon, 99 Foo 2026", "\ud800"])
def test_a_senseless_retry_after_is_none(value: str):
    assert retry_after({"retry-after": value, "retry-after-ms": value}) is None


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (400, "exceed_context_size_error", ""),
        (400, "BadRequestError", "This model's maximum context length is 8192 tokens."),
        (413, "None", ""),
    ],
)
def test_too_long_is_known_in_several_dialects(status: int, kind: str, message: str):
    fault = fault_of_status(status, {kind, "400"}, message, {})
    assert (type(fault.error).__name__, fault.retry) == ("Truncated", False)


def offsets() -> list[int]:
    return [r.ARTICLE.text.index(s) for s in r.SENTENCES]


def test_the_script_itself_is_sound():
    played: Played = play(r.good)
    assert (played.ending, played.calls, len(played.result.claims)) == ("ok", 1, 4)
    assert [c.evidence[0].start for c in played.result.claims] == offsets()

"""Neither article nor key leaks: not into a log, an error, a template engine, or a pickle."""

import asyncio
import json
import logging
import pickle
import time
import traceback

import pytest
import replies as r
from harness import extractor_at, play
from scripted import Scripted, Step

from extractor import (
    ArticleError,
    ConfigError,
    Extractor,
    ExtractorError,
    ModelError,
    ModelRefused,
    ModelUnavailable,
    OutputInvalid,
)
from extractor.faults import Filtered, Truncated
from extractor.llm import connect
from extractor.model import Meter, Question, Stopped
from extractor.segment import segment
from schemas import Article

EVERY_ERROR = [
    ArticleError,
    ConfigError,
    ExtractorError,
    Filtered,
    ModelError,
    ModelRefused,
    ModelUnavailable,
    OutputInvalid,
    Truncated,
]
TALKATIVE: list[Step] = [
    r.good,
    r.BUSY,
    r.CUT,
    r.FILTERED,
    r.FILTER_400,
    r.HTML,
    r.INVALID_JSON,
    r.INVALID_SCHEMA,
    r.REFUSAL,
    r.RESET,
    r.SERVER_ERROR,
    r.TOO_LONG,
    r.UNAUTHORISED,
    r.length,
    r.truncated,
    r.with_item(json.dumps(r.MARK)),
]


@pytest.mark.parametrize("step", TALKATIVE)
def test_no_log_line_holds_article_or_key(step: Step, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO):
        played = play(step)
    assert played.calls
    assert r.MARK not in caplog.text
    assert r.KEY not in caplog.text
    assert played.server.url not in caplog.text


def test_the_logs_of_other_users_of_the_sdk_stay(caplog: pytest.LogCaptureFixture):
    play(r.good)
    with caplog.at_level(logging.INFO):
        logging.getLogger("instructor.v2.retry").error("somebody else's")
    assert "somebody else's" in caplog.text


@pytest.mark.parametrize("step", TALKATIVE[1:-1])
def test_no_error_holds_article_or_key(step: Step):
    failed = play(step)
    with pytest.raises(ExtractorError) as raised:
        failed.raise_error()
    error = raised.value
    assert error.__cause__ is None
    assert error.__context__ is None
    told = "".join(traceback.format_exception(error))
    assert r.MARK not in str(error) + repr(error.args) + told.split("\n")[-2]
    assert r.KEY not in told


@pytest.mark.parametrize("step", [r.INVALID_JSON, r.UNAUTHORISED, r.CUT, r.REFUSAL])
def test_what_the_model_raises_drags_nothing_along(step: Step):
    """A context would keep the libraries' errors alive, and they hold request and answer."""

    async def ask() -> BaseException:
        model = connect("gpt-test", server.url, r.KEY, 9)
        question = Question(({"role": "user", "content": r.MARK},), 10)
        with pytest.raises((ModelError, Stopped)) as raised:
            await model.ask(question, Meter(), time.monotonic() + 0.1)
        await model.close()
        return raised.value

    with Scripted(step) as server:
        error = asyncio.run(ask())
    assert error.__context__ is None
    assert r.MARK not in str(error)


@pytest.mark.parametrize("kind", EVERY_ERROR)
@pytest.mark.parametrize("message", ["Set the key.", "é" * 9_000, "𝔘" * 9_000, "\ud800"])
def test_every_error_pickles_small(kind: type[ExtractorError], message: str):
    packed = pickle.dumps(kind(message))
    again = pickle.loads(packed)
    assert (type(again), str(again)) == (kind, str(kind(message)))
    assert len(packed) <= 2_000


def test_a_key_is_in_no_representation():
    with Scripted(r.good) as server, extractor_at(server) as extractor:
        assert r.KEY not in repr(extractor.settings) + repr(extractor)
        assert r.KEY not in extractor.extract(r.ARTICLE).model_dump_json()


@pytest.mark.parametrize("key", ["sk-\u00e9", "sk-a\nb"])
def test_a_key_that_cannot_be_sent_is_named_before_it_is_tried(key: str):
    with Scripted(r.good) as server:
        extractor = Extractor(model="gpt-test", base_url=server.url, api_key=key)
        with extractor, pytest.raises(ConfigError, match="OPENAI_API_KEY") as raised:
            extractor.extract(r.ARTICLE)
    assert (len(server.requests), key in str(raised.value)) == (0, False)


def test_a_key_read_from_a_file_may_end_in_a_line_break():
    with (
        Scripted(r.good) as server,
        Extractor(model="gpt-test", base_url=server.url, api_key="sk-a\n") as extractor,
    ):
        assert extractor.extract(r.ARTICLE).status == "ok"
    assert server.requests[0].headers["authorization"] == "Bearer sk-a"


WRAPPED = (
    "The invented council of {{ town }} met for the first time since the\r\n"
    "   spring and {% raw %}agreed{% endraw %} on the price of {{7*7}} new\r\n"
    "\tboats for the harbour, which the \\u0041 mayor called “{# fair #}”.\r\n"
)
SNIPPETS = [
    "{{7*7}}",
    "{{ config }}",
    "{% raw %}",
    "{% endraw %}{{ x }}",
    "{% for i in range(10**9) %}",
    "{# comment #}",
    "{{ ''.__class__ }}",
    "{{",
    "}}",
    "%}",
    "# line statement",
    "## comment",
    "${7*7}",
    "<%= 7 %>",
    "{0} {name!r}",
    "%s %(name)s",
    "\\n \\u0041 \\",
    "a\u00a0b \u2009c \t  d",
    "\"quoted\" 'single' “curly”",
]
ODD = [f"  The mayor wrote {s} on the wall.\r\n\r\n\t   The clerk read it." for s in SNIPPETS]


@pytest.mark.parametrize("text", [*ODD, WRAPPED])
def test_an_article_arrives_byte_for_byte(text: str):
    (request,) = play(r.good, article=Article(text=text, title=text.strip())).server.requests
    sentences = [s.span.text for s in segment(text).sentences if s.can_claim]
    assert sentences
    for words in (*sentences, text.strip()):
        assert json.dumps(words, ensure_ascii=False)[1:-1].encode() in request.raw
        assert words in request.user


def test_twenty_articles_were_tried():
    assert len([*ODD, WRAPPED]) == 20

"""What reaches the wire is what this project wrote: strict schema, own prompt, nothing else."""

import asyncio
import importlib.metadata
import re
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import replies as r
from harness import play
from packaging.requirements import Requirement
from scripted import Request, Scripted

from extractor import Extractor
from extractor.ask.claims import prefix
from extractor.ask.wire import response_format, wire_schema
from extractor.llm import connect
from extractor.model import Meter, Question
from prompts import CLAIMS, load_prompt
from schemas import ClaimsAnswer

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "$defs",
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "enum",
    "items",
    "properties",
    "required",
    "type",
}
TYPES = {"object", "array", "string", "integer", "boolean", "null"}


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside ``schema``, itself first."""
    yield schema
    for inner in (*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()):
        yield from nodes(inner)
    for inner in schema.get("anyOf", []):
        yield from nodes(inner)
    if "items" in schema:
        yield from nodes(schema["items"])


def test_the_wire_schema_satisfies_strict_structured_outputs():
    schema = wire_schema(ClaimsAnswer)
    assert schema["type"] == "object"
    assert "anyOf" not in schema
    for node in nodes(schema):
        assert set(node) <= ALLOWED, node
        assert "$ref" not in node or set(node) == {"$ref"}
        assert node.get("type", "object") in TYPES
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])


def test_a_claim_is_asked_for_in_the_order_in_which_it_is_thought_of():
    """A model fills a schema in its order: where, who says so, what, of what kind."""
    claim = wire_schema(ClaimsAnswer)["$defs"]["ClaimDraft"]
    assert list(claim["properties"]) == ["s", "by", "c", "k"]
    shown = [c for example in load_prompt(CLAIMS).examples() for c in example["claims"]]
    assert all(list(each) == ["s", "by", "c", "k"] for each in shown)


def test_the_wire_schema_is_small_enough_for_strict():
    """The provider's limits: 5,000 properties, 10 levels, 1,000 enum values."""
    every = list(nodes(wire_schema(ClaimsAnswer)))
    assert sum(len(n.get("properties", {})) for n in every) < 100
    assert sum(len(n.get("enum", [])) for n in every) < 100


def asked_with(**setting: Any) -> Request:
    def answer(request: Request):
        return r.completion('{"claims": []}')

    with (
        Scripted(answer) as server,
        Extractor(model="gpt-test", base_url=server.url, api_key=r.KEY, **setting) as extractor,
    ):
        assert extractor.extract(r.ARTICLE).status == "ok"
    return server.requests[0]


def test_the_request_is_the_prompt_and_a_strict_schema_and_nothing_else():
    request = asked_with().json
    assert set(request) == {
        "model",
        "messages",
        "temperature",
        "max_completion_tokens",
        "response_format",
    }
    assert request["response_format"] == response_format("claims", ClaimsAnswer, strict=True)
    assert request["response_format"]["json_schema"]["strict"] is True
    system, user = request["messages"]
    assert system == prefix(load_prompt(CLAIMS))[0]
    assert user["role"] == "user"
    assert user["content"].endswith(list(r.SENTENCES)[-1])


def test_strict_can_be_turned_off(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EXTRACTOR_STRICT", "off")
    request = asked_with().json
    assert request["response_format"] == {"type": "json_object"}
    assert '"additionalProperties": false' in request["messages"][0]["content"]


def test_a_grammar_goes_without_a_response_format():
    """A response_format beside it would win, and the grammar be dropped without a word."""
    question = Question(
        ({"role": "user", "content": "x"},), 10, "start: x", {"type": "json_object"}
    )

    async def ask() -> None:
        model = connect("small", server.url, None, 9)
        await model.ask(question, Meter(), time.monotonic() + 9)
        await model.close()

    with Scripted(r.completion('{"claims": []}')) as server:
        asyncio.run(ask())
    (request,) = server.requests
    assert request.json == {
        "model": "small",
        "messages": [{"role": "user", "content": "x"}],
        "temperature": 0,
        "grammar": "start: x",
        "max_tokens": 10,
    }


@pytest.mark.parametrize("strict", [True, False])
def test_nothing_of_the_libraries_reaches_the_wire(strict: bool):
    raw = asked_with(strict=strict).raw.lower()
    assert not [w for w in (b"genius", b"json_schema:\\n", b"validation error") if w in raw]
    assert b"tools" not in raw


def test_a_second_attempt_holds_no_failed_answer():
    raw = play(r.INVALID_SCHEMA, r.good).server.requests[1].raw
    assert b'"role":"assistant"' not in raw.replace(b" ", b"")
    assert b"validation" not in raw.lower()


def test_the_prefix_is_the_same_for_every_article_and_comes_first():
    other = r.ARTICLE.model_copy(update={"text": "The clerk read it.", "title": "Invented: read"})
    first, second = play(r.good).server.requests[0], play(r.good, article=other).server.requests[0]
    assert first.json["messages"][0] == second.json["messages"][0]
    assert first.json["messages"][1] != second.json["messages"][1]
    assert len(first.json["messages"]) == 2


def test_the_prefix_is_long_enough_for_prefix_caches():
    """They begin at 1,024 tokens. No tokenizer takes two words for one token, nor a word and a
    mark with spaces around it; `python -m evals.bench.wire_tokens` counts what one makes of it."""
    (system,) = prefix(load_prompt(CLAIMS))
    assert len(re.findall(r"[A-Za-z]+|\d+|(?<!\S)[^\w\s]+(?!\S)", system["content"])) >= 1_024


@pytest.mark.parametrize("name", ["openai", "instructor", "pydantic", "tenacity"])
def test_the_libraries_are_those_that_the_design_rests_on(name: str):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {q.name: q for q in map(Requirement, project["dependencies"])}[name]
    assert importlib.metadata.version(name) in wanted.specifier
    assert any(s.operator == ">=" for s in wanted.specifier)
    assert any(s.operator == "<" for s in wanted.specifier)

"""What a backfill takes for the same work, and what costs a new call."""

import json
import shutil
from dataclasses import replace

import pytest
import replies
from backfilling import (
    accounts,
    ids,
    ledger_of,
    numbers,
    options,
    results,
    run,
    shuffled,
    text,
    written,
)
from scripted import Scripted

from extractor.bulk import feed, identity
from extractor.settings import Settings
from prompts import CLAIMS, load_prompt
from schemas import Article

COUNT = 15


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", replies.KEY)
    with Scripted(shuffled) as found:
        yield found


@pytest.mark.parametrize(("chunk", "concurrency"), [(100, 16), (1, 1)], ids=["beside", "after"])
def test_one_text_under_a_hundred_ids_is_paid_once(
    tmp_path, output, server, monkeypatch, chunk, concurrency
):
    """Beside one another, and where the first is done before the last is read."""
    monkeypatch.setattr(feed, "CHUNK", chunk)
    source = written(tmp_path / "in.jsonl", [text(n if n % 6 == 0 else 1) for n in range(120)])
    told = run(source, output, *options(server, "--concurrency", concurrency)).stdout
    assert accounts(told) == (120, 0, 0)
    assert sorted(numbers(server)) == sorted({1, *range(0, 120, 6)})
    assert ids(output) == [f"a{n}" for n in range(120)]
    assert len({each["article"]["sha256"] for each in results(output)}) == 21


def test_key_address_id_url_and_order_cost_no_call(source, output, server, monkeypatch):
    run(source, output, *options(server))
    before = results(output)
    records = [json.loads(line) for line in source.read_text().splitlines()]
    turned = [
        {"id": f"new{n}", "text": r["text"], "url": f"https://example.org/{n}", "author": "A. N."}
        for n, r in enumerate(reversed(records))
    ]
    source.write_text("\n".join(map(json.dumps, turned)))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another")
    with Scripted(shuffled) as other:
        assert accounts(run(source, output, *options(other)).stdout) == (COUNT, 0, 0)
        assert other.requests == []
    assert len(server.requests) == COUNT
    assert ids(output) == [f"new{n}" for n in range(COUNT)]
    found = results(output)
    assert found[3]["article"]["url"] == "https://example.org/3"
    assert [r["article"]["sha256"] for r in found] == [
        r["article"]["sha256"] for r in reversed(before)
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"text": text(0) + " "},
        {"title": "Invented"},
        {"source": "Invented"},
        {"language": "de"},
        {"published_at": "2021-03-04"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_what_a_model_or_a_rule_reads_is_part_of_the_key(source, output, server, more):
    source.write_text(json.dumps({"text": text(0)}))
    run(source, output, *options(server))
    source.write_text(json.dumps({"text": text(0)} | more))
    assert accounts(run(source, output, *options(server)).stdout) == (1, 0, 0)
    assert len(server.requests) == 2


def keys(settings: Settings, prompt: str = CLAIMS) -> bytes:
    return identity.identity(settings, load_prompt(prompt))(Article(text="Invented."))


def test_model_prompt_parameters_schema_and_version_are_part_of_the_key(monkeypatch):
    settings, prompt = Settings("m", "http://one", "k"), load_prompt(CLAIMS)
    first = keys(settings)
    assert first == keys(Settings("m", "http://two", "other", deadline=1, concurrency=3))
    assert len(first) == 32
    others = [keys(replace(settings, model="n")), keys(replace(settings, strict=False))]
    others += [keys(settings, "clauses.v1")]
    changed = replace(prompt, digest="other")
    others += [identity.identity(settings, changed)(Article(text="Invented."))]
    for name in ("version", "schema_digest"):
        with monkeypatch.context() as patch:
            patch.setattr(identity, name, lambda: "other")
            others.append(keys(settings))
    with monkeypatch.context() as patch:
        patch.setattr(identity, "wire_schema", lambda _: {"other": 1})
        others.append(keys(settings))
    assert len({first, *others}) == 1 + len(others)


def test_parts_of_a_text_never_run_into_each_other():
    key = identity.identity(Settings("m"), load_prompt(CLAIMS))
    alike = [
        Article(text="ab"),
        Article(text="b", title="a"),
        Article(text="b", source="a"),
        Article(text="b", title=""),
        Article(text="b", title="-"),
        Article(text="-1:b"),
        Article(text="b"),
    ]
    assert len(set(map(key, alike))) == len(alike)


def test_a_weights_file_is_known_by_name_and_size(tmp_path):
    paths = [tmp_path / name / "m.gguf" for name in "ab"]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(b"GGUF")
    first, second = (keys(Settings(str(path))) for path in paths)
    assert first == second
    paths[0].write_bytes(b"GGUF more")
    assert keys(Settings(str(paths[0]))) != first


def test_a_copied_ledger_pays_for_another_place(source, output, server, tmp_path):
    run(source, output, *options(server))
    other = tmp_path / "elsewhere" / "more.ndjson"
    other.parent.mkdir()
    shutil.copy(ledger_of(output), ledger_of(other))
    run(source, other, *options(server))
    assert len(server.requests) == COUNT
    assert other.read_bytes() == output.read_bytes()


def test_no_key_and_no_address_is_in_the_ledger_or_the_output(source, output, server):
    run(source, output, *options(server))
    for path in output.parent.iterdir():
        data = path.read_bytes()
        assert replies.KEY.encode() not in data
        assert server.url.encode() not in data

"""Inputs that are meant to break it: each is a result or a dead letter, and costs what it may."""

import hashlib
import os
from pathlib import Path

import pytest
import replies
from backfilling import accounts, answered, letters, options, results, run
from poison import TEXTS, poison
from scripted import Scripted

from extractor.bulk.inputs import read_inputs
from extractor.exits import Exit

POISONS = (
    "files",
    "lines.jsonl",
    "lines.ndjson.gz",
    "cut.jsonl.gz",
    "bomb.jsonl.gz",
    "no_gzip.jsonl.gz",
    "empty.jsonl",
    "rows.parquet",
    "damaged.parquet",
)
REFUSED = ("unknown.csv", "cut.parquet", "no.parquet", "no_text.parquet")


@pytest.fixture(scope="module")
def poisons(tmp_path_factory):
    return poison(tmp_path_factory.mktemp("poison"))


@pytest.fixture
def server(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_API_KEY", replies.KEY)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with Scripted(replies.completion('{"claims": []}')) as found:
        yield found


def everything(folder: Path) -> dict[str, int]:
    """All paths below ``folder``, without following links, and when each was changed."""
    walked = os.walk(folder)
    paths = [Path(at, name) for at, folders, files in walked for name in folders + files]
    return {str(path): path.lstat().st_mtime_ns for path in paths}


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("name", POISONS)
def test_each_poison_is_a_result_or_a_dead_letter(poisons, server, tmp_path, name):
    given, output = poisons[name], tmp_path / "out" / "out.jsonl"
    output.parent.mkdir()
    before = everything(given.source.parent)
    result = run(given.source, output, *options(server))
    bad = given.expected.count(False)
    assert accounts(result.stdout) == (given.expected.count(True), bad, 0)
    assert result.exit_code == (Exit.INCOMPLETE if bad else Exit.OK)
    if bad:
        assert [each["position"] for each in letters(output)] == [
            at for at, is_good in enumerate(given.expected) if not is_good
        ]
        assert {each["reason"] for each in letters(output)} == {"unreadable"}
        assert all(each["message"] for each in letters(output))
    assert everything(given.source.parent) == before
    assert files_in(tmp_path) == {"here", "out"}
    assert files_in(tmp_path / "here") == set()
    assert files_in(output.parent) <= {"out.jsonl", "out.jsonl.ledger", "out.jsonl.dead.jsonl"}
    assert_paid(given.source, output, server)
    told = run(given.source, output, *options(server, "--retry-dead"))
    assert "this run: 0 calls" in told.stdout


def assert_paid(source: Path, output: Path, server: Scripted) -> None:
    """One call for each different text that says something, none for any other input."""
    good = [each.article.text for each in read_inputs(str(source)) if each.article]
    found = results(output)
    assert [each["article"]["sha256"] for each in found] == [
        hashlib.sha256(text.encode()).hexdigest() for text in good
    ]
    calls = {each["article"]["sha256"]: each["usage"]["calls"] for each in found}
    assert max(calls.values(), default=0) <= 1
    assert len(server.requests) >= sum(calls.values())  # a title or a language may make two
    assert len({request.raw for request in server.requests}) == len(server.requests)
    asked = "".join(request.user for request in server.requests)
    for label in ("million", "over_limit", "control", "nul"):
        assert TEXTS[label][0][:60] not in asked


@pytest.mark.parametrize("label", [label for label, (_, is_good) in TEXTS.items() if not is_good])
def test_what_is_empty_too_long_or_no_text_costs_no_call(server, tmp_path, label):
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "a.txt").write_text(TEXTS[label][0], newline="")
    told = run(folder, tmp_path / "out.jsonl", *options(server))
    assert accounts(told.stdout) == (0, 1, 0)
    assert server.requests == []


@pytest.mark.parametrize("name", REFUSED)
def test_a_source_that_is_broken_as_a_whole_is_refused(poisons, server, tmp_path, name):
    result = run(poisons[name].source, tmp_path / "out.jsonl", *options(server))
    assert result.exit_code == Exit.USAGE
    assert "Traceback" not in result.output
    assert server.requests == []
    assert files_in(tmp_path) == {"here"}


def test_what_the_model_says_is_no_file_name(server, tmp_path):
    server.script = [answered({}, 0)]
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "Invented: the pier with register number 1.", "id": "../../up"}\n')
    told = run(source, tmp_path / "out.jsonl", *options(server))
    assert accounts(told.stdout) == (1, 0, 0)
    assert results(tmp_path / "out.jsonl")[0]["article"]["id"] == "../../up"
    assert files_in(tmp_path) == {"here", "in.jsonl", "out.jsonl", "out.jsonl.ledger"}

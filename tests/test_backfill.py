"""A backfill that goes well: order, keys, accounts, and a second run that costs nothing."""

import asyncio
import json
import threading

import pyarrow.parquet as pq
import pytest
import replies
from backfilling import (
    accounts,
    articles,
    ids,
    is_right,
    ledger_of,
    letters,
    numbers,
    options,
    query,
    run,
    shuffled,
    text,
    written,
)
from scripted import Scripted

from extractor import ConfigError, Extraction, backfill
from extractor.exits import Exit
from extractor.settings import Settings

COUNT = 30


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", replies.KEY)
    with Scripted(shuffled) as found:
        yield found


def test_results_stand_in_input_order_and_a_second_run_costs_nothing(source, output, server):
    first = run(source, output, *options(server))
    assert (first.exit_code, accounts(first.stdout)) == (Exit.OK, (COUNT, 0, 0))
    assert numbers(server) != sorted(numbers(server))
    assert is_right(output, COUNT)
    assert {p.name for p in output.parent.iterdir()} == {
        source.name,
        output.name,
        ledger_of(output).name,
    }
    before = output.read_bytes()
    again = run(source, output, *options(server))
    assert (again.exit_code, accounts(again.stdout)) == (Exit.OK, (COUNT, 0, 0))
    assert "this run: 0 calls, 0 tokens in, 0 out" in again.stdout
    assert (len(server.requests), output.read_bytes()) == (COUNT, before)


def test_a_line_is_an_extraction_with_claims_and_the_bill(output, tmp_path, server):
    server.script = [replies.good]
    source = written(tmp_path / "in.jsonl", [replies.ARTICLE.text], url="https://example.org/1")
    assert run(source, output, *options(server)).exit_code == Exit.OK
    [line] = output.read_bytes().splitlines()
    extraction = Extraction.model_validate_json(line)
    assert (extraction.article.id, extraction.article.url) == ("a0", "https://example.org/1")
    assert len(extraction.claims) == 4
    assert (extraction.usage.calls, extraction.usage.input_tokens) == (1, replies.USAGE[0])
    assert json.loads(line) == json.loads(extraction.model_dump_json())


def test_parquet_comes_out_in_order_and_the_same_again(source, tmp_path, server):
    output = tmp_path / "out.parquet"
    assert run(source, output, *options(server)).exit_code == Exit.OK
    before = output.read_bytes()
    assert pq.read_table(output)["id"].to_pylist() == [f"a{n}" for n in range(COUNT)]
    assert run(source, output, *options(server)).exit_code == Exit.OK
    assert (len(server.requests), output.read_bytes()) == (COUNT, before)


def test_what_is_removed_is_made_again_from_the_ledger(source, output, server):
    run(source, output, *options(server))
    before = output.read_bytes()
    output.unlink()
    run(source, output, *options(server))
    assert (len(server.requests), output.read_bytes()) == (COUNT, before)


def test_more_articles_cost_what_is_new(source, output, server):
    run(source, output, *options(server))
    more = articles(source.with_name("more.jsonl"), COUNT + 5)
    told = run(more, output, *options(server)).stdout
    assert accounts(told) == (COUNT + 5, 0, 0)
    assert "this run: 5 calls" in told
    assert is_right(output, COUNT + 5)


def test_standard_input_is_a_source(source, output, server):
    result = run("-", output, *options(server), given=source.read_text())
    assert accounts(result.stdout) == (COUNT, 0, 0)
    assert is_right(output, COUNT)


def test_a_folder_is_a_source_and_names_are_ids(tmp_path, output, server):
    folder = tmp_path / "news"
    folder.mkdir()
    for number in (2, 10, 1):
        (folder / f"{number}.txt").write_text(text(number))
    assert run(folder, output, *options(server)).exit_code == Exit.OK
    assert ids(output) == ["1.txt", "10.txt", "2.txt"]


def test_from_python_in_any_thread(source, output, server):
    settings = Settings("gpt-test", server.url, "k")
    report = backfill(source, output, settings=settings, concurrency=4)
    assert (report.accounts.results, report.accounts.inputs) == (COUNT, COUNT)
    assert (report.stopped, report.tally.calls, report.reasons) == (None, COUNT, {})
    reports = []
    thread = threading.Thread(
        target=lambda: reports.append(backfill(source, output, settings=settings))
    )
    thread.start()
    thread.join()
    assert reports[0].tally.calls == 0

    async def within_a_loop():
        return await asyncio.to_thread(backfill, source, output, settings=settings)

    assert asyncio.run(within_a_loop()).accounts == report.accounts


@pytest.mark.parametrize(
    ("output", "more", "told"),
    [
        ("in.jsonl", [], "names the input"),
        ("./sub/../in.jsonl", [], "names the input"),
        ("out.csv", [], "must end in"),
        ("out", [], "must end in"),
        ("absent/out.jsonl", [], "folder"),
        ("out.jsonl", ["--concurrency", 0], "concurrency"),
        ("out.jsonl", ["--concurrency", 100_000], "concurrency"),
        ("out.jsonl", ["--workers", 0], "worker"),
        ("out.jsonl", ["--workers", 17], "worker"),
        ("out.jsonl", ["--rpm", 0], "above 0"),
        ("out.jsonl", ["--tpm", -1], "above 0"),
        ("out.jsonl", ["--max-cost", 0], "above 0"),
        ("out.jsonl", ["--max-cost", "nan"], "above 0"),
        ("out.jsonl", ["--max-cost", 1], "price of gpt-test is not known"),
        ("out.jsonl", ["--prompt", "none"], "prompt"),
    ],
)
def test_what_must_be_mended_is_one_line_and_exit_2(
    source, server, monkeypatch, output, more, told
):
    monkeypatch.chdir(source.parent)
    (source.parent / "sub").mkdir()
    before = source.read_bytes()
    result = run("in.jsonl", source.parent / output, *options(server, *more))
    assert result.exit_code == Exit.USAGE
    assert told in result.stderr.splitlines()[-1]
    assert server.requests == []
    assert source.read_bytes() == before
    assert not list(source.parent.glob("*.csv"))


def test_a_source_that_is_not_there_is_refused(tmp_path, output, server):
    result = run(tmp_path / "absent.jsonl", output, *options(server))
    assert result.exit_code == Exit.USAGE
    assert "check its path" in result.stderr


def test_an_output_that_cannot_be_written_costs_nothing_again(source, output, server):
    output.mkdir()
    result = run(source, output, *options(server))
    assert result.exit_code == Exit.USAGE
    output.rmdir()
    assert run(source, output, *options(server)).exit_code == Exit.OK
    assert len(server.requests) == COUNT


def test_the_embedded_model_takes_one_worker(source, output, monkeypatch):
    monkeypatch.delenv("EXTRACTOR_MODEL", raising=False)
    result = run(source, output, "--workers", 2)
    assert result.exit_code == Exit.USAGE
    assert "one worker" in result.stderr
    with pytest.raises(ConfigError, match="one worker"):
        backfill(source, output, settings=Settings(), workers=2)


def test_dead_letters_file_goes_when_there_are_none(source, output, server):
    with source.open("a") as file:
        file.write("no JSON\n")
    assert run(source, output, *options(server)).exit_code == Exit.INCOMPLETE
    assert [each["reason"] for each in letters(output)] == ["unreadable"]
    articles(source, COUNT)
    assert run(source, output, *options(server)).exit_code == Exit.OK
    assert not output.with_name("out.jsonl.dead.jsonl").exists()
    assert query(output, "SELECT count(*) FROM inputs") == [(COUNT,)]

"""One actor of a backfill over many machines: blocks made whole, killed anywhere, told of."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from backfilling import answered, articles, numbers, text, written
from replies import KEY, USAGE, completion
from scripted import Reply, Scripted

from extractor.bulk import asker, places
from extractor.bulk.asker import Asker, Work, recipe_of
from extractor.bulk.blocks import blocks_of
from extractor.bulk.journal import Journal
from extractor.bulk.places import Place, prepare
from extractor.settings import Settings

REFUSED = completion(None, refusal="no")


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def folder(tmp_path) -> Path:
    prepare(tmp_path / "out")
    return tmp_path / "out"


def work(server: Scripted, folder: Path, **more) -> Work:
    settings = Settings("gpt-test", server.url, prices=more.pop("prices", None))
    given = {"block": 10, "actors": 1, "concurrency": 8} | more
    return Work(settings, True, recipe_of(settings), str(folder), **given)


class CutOff(BaseException):
    """As a kill: nothing catches it."""


def close(actor: Asker) -> None:
    if hasattr(actor, "extractor"):
        actor.extractor.close()


def filled(work: Work, source: Path) -> list[asker.Told]:
    async def all_blocks():
        actor = Asker(work)
        try:
            return [await actor.fill(block) for block in blocks_of(str(source), work.block)]
        finally:
            close(actor)

    return asyncio.run(all_blocks())


def ids(folder: Path) -> list[str]:
    parts = sorted((folder / "results").glob("*.parquet"))
    return [each for part in parts for each in pq.read_table(part)["id"].to_pylist()]


def letters(folder: Path) -> list[dict]:
    parts = sorted((folder / "dead").glob("*.jsonl"))
    return [json.loads(line) for part in parts for line in part.read_bytes().splitlines()]


def summed(told: list[asker.Told]) -> tuple[int, int, int]:
    return tuple(sum(getattr(t, name) for t in told) for name in ("results", "dead", "skipped"))


def test_every_input_is_a_result_or_a_letter_and_nothing_is_asked_twice(tmp_path, folder):
    source = written(tmp_path / "in.jsonl", [text(n // 2) for n in range(20)] + ["", text(10)])
    with Scripted(answered({3: REFUSED})) as server:
        told = filled(work(server, folder), source)
        assert summed(told) == (19, 3, 0)
        assert sum(each.calls for each in told) == len(server.requests) == 11
        counts = [sum(t.reasons.get(why, 0) for t in told) for why in ("refused", "unreadable")]
        assert counts == [2, 1]
        again = filled(work(server, folder), source)
        assert len(server.requests) == 11
    assert [(t.stem, t.results, t.dead) for t in again] == [
        (t.stem, t.results, t.dead) for t in told
    ]
    assert ids(folder) == [f"a{n}" for n in range(22) if n not in {6, 7, 20}]
    assert [(each["id"], each["position"]) for each in letters(folder)] == [
        ("a6", 6),
        ("a7", 7),
        (None, 20),
    ]
    assert not list((folder / "open").iterdir())


def test_dead_letters_are_asked_about_again_and_nothing_else(tmp_path, folder):
    source = articles(tmp_path / "in.jsonl", 20)
    with Scripted(answered({3: REFUSED, 14: REFUSED})) as server:
        filled(work(server, folder), source)
    with Scripted(answered({14: REFUSED})) as server:
        told = filled(replace(work(server, folder), retry_dead=True), source)
        assert numbers(server) == [3, 14]
    assert summed(told) == (19, 1, 0)
    assert ids(folder) == [f"a{n}" for n in range(20) if n != 14]
    assert [each["id"] for each in letters(folder)] == ["a14"]


@pytest.mark.parametrize("step", ["write_letters", "write_parquet", "unlink", "put"])
@pytest.mark.parametrize("retry", [False, True])
def test_cut_off_between_any_two_steps_it_pays_for_nothing_again(
    tmp_path, folder, monkeypatch, step, retry
):
    source = articles(tmp_path / "in.jsonl", 10)
    with Scripted(answered({3: REFUSED, 4: REFUSED})) as server:
        if retry:
            filled(work(server, folder), source)
        before = len(server.requests)
        with monkeypatch.context() as patched:
            _cut_off(patched, step)
            with pytest.raises(CutOff):
                filled(replace(work(server, folder), retry_dead=retry), source)
        paid = len(server.requests) - before
        told = filled(work(server, folder), source)
        assert len(server.requests) - before == paid
    assert summed(told) == (8, 2, 0)
    assert ids(folder) == [f"a{n}" for n in range(10) if n not in {3, 4}]
    assert [each["id"] for each in letters(folder)] == ["a3", "a4"]


def _cut_off(patched, step: str) -> None:
    def cut(*_: object, **__: object) -> None:
        raise CutOff

    if step == "unlink":
        patched.setattr(Path, "unlink", cut)
    elif step == "put":
        patched.setattr(asker, "put", cut)
    else:
        patched.setattr(places, step, cut)


def test_what_is_in_the_journal_is_not_asked_again(tmp_path, folder):
    source = articles(tmp_path / "in.jsonl", 10)
    with Scripted(answered()) as server:
        filled(work(server, folder), source)
        part = next((folder / "results").iterdir())
        place = Place(folder, part.stem)
        block = next(blocks_of(str(source), 10))
        actor = Asker(work(server, folder))
        rows = [asker.row_of(each, actor.key_of) for each in asker.inputs_of(block)]
        places.reopen(place, rows)
        close(actor)
        part.unlink()
        lines = place.journal.read_bytes().splitlines(keepends=True)
        place.journal.write_bytes(b"".join(lines[:6]) + lines[6][:40])
        filled(work(server, folder), source)
        assert sorted(numbers(server)[10:]) == [6, 7, 8, 9]
    assert ids(folder) == [f"a{n}" for n in range(10)]


def test_other_texts_are_another_part(tmp_path, folder):
    source = articles(tmp_path / "in.jsonl", 10)
    with Scripted(answered()) as server:
        first = filled(work(server, folder), source)
        second = filled(work(server, folder), articles(source, 11))
        assert second[0].stem == first[0].stem
        third = filled(work(server, folder), written(source, [text(50), *map(text, range(1, 10))]))
        assert third[0].stem != first[0].stem


def test_where_nobody_gets_an_answer_nothing_dies(tmp_path, folder):
    source = articles(tmp_path / "in.jsonl", 60)
    down = Reply(b"{}", status=503, headers={"retry-after": "0"})
    with Scripted(down) as server:
        told = filled(work(server, folder, block=30), source)
    assert "got no answer" in told[0].problem
    assert told[1].problem == told[0].problem
    assert summed(told) == (0, 0, 60)
    assert not list((folder / "results").iterdir())


def test_a_wrong_key_is_told_not_raised(tmp_path, folder):
    with Scripted(Reply(b"{}", status=401)) as server:
        told = filled(work(server, folder), articles(tmp_path / "in.jsonl", 20))
    assert told[0].problem
    assert KEY not in json.dumps([asker.asdict(each) for each in told])
    assert summed(told) == (0, 0, 20)


def test_an_actor_keeps_to_its_part_of_the_cost_and_to_what_it_has_paid_for(tmp_path, folder):
    prices = tmp_path / "prices.json"
    listed = {"gpt-test": {"input": 0, "cached": 0, "output": 1e6}}  # a dollar for a token
    prices.write_text(
        json.dumps({"version": 1, "as_of": "-", "batch_share": 0.5, "models": listed})
    )
    source = articles(tmp_path / "in.jsonl", 30)
    with Scripted(answered()) as server:
        most = 12.5 * USAGE[1]
        given = work(server, folder, prices=prices, concurrency=1, max_cost=most)
        told = filled(given, source)
        assert "cost has reached" in told[-1].stopped
        assert len(server.requests) == 13
        assert summed(told) == (13, 0, 17)
        with Journal(next((folder / "open").iterdir())) as journal:
            assert len(journal._file.execute("SELECT key FROM results").fetchall()) == 3
        assert summed(filled(work(server, folder, prices=prices), source)) == (30, 0, 0)
        assert len(server.requests) == 30


def test_without_a_key_on_a_machine_it_says_where_to_set_one(tmp_path, folder, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    with Scripted(answered()) as server:
        told = filled(work(server, folder), articles(tmp_path / "in.jsonl", 3))
        assert "ray start" in told[0].problem
        assert not server.requests


def test_a_machine_with_another_version_does_nothing(tmp_path, folder):
    with Scripted(answered()) as server:
        other = replace(work(server, folder), recipe="00")
        told = filled(other, articles(tmp_path / "in.jsonl", 3))
        assert "another version" in told[0].problem
        assert not server.requests


def test_a_file_that_is_not_there_is_told(tmp_path, folder):
    source = articles(tmp_path / "in.jsonl", 3)
    with Scripted(answered()) as server:
        block = next(blocks_of(str(source), 10))
        source.unlink()
        actor = Asker(work(server, folder))
        assert "same path" in asyncio.run(actor.fill(block)).problem
        close(actor)


@pytest.mark.parametrize(
    ("block", "concurrency", "at_once", "blocks"),
    [
        (10, 8, 8, 2),
        (500, 16, 16, 2),
        (500, 125, 125, 2),
        (500, 1000, 125, 9),
        (1000, 1000, 250, 5),
    ],
)
def test_blocks_overlap_enough_for_the_concurrency(block, concurrency, at_once, blocks):
    settings = Settings("gpt-test", "http://127.0.0.1:1/v1")
    given = Work(settings, False, "", "", block, 1, concurrency)
    assert (given.at_once, given.blocks) == (at_once, blocks)

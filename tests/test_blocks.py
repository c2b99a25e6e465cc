"""What a backfill over many machines rests on, without any machine but this one."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from backfilling import articles, text, written
from poison import poison

from extractor.bulk.blocks import blocks_of, inputs_of
from extractor.bulk.inputs import read_inputs
from extractor.bulk.journal import Journal
from extractor.bulk.ledger import Dead, Done
from extractor.bulk.places import STALE, prepare
from extractor.bulk.premises import premises
from extractor.errors import ConfigError

KEY, OTHER = b"k" * 32, b"o" * 32


def read(source, size):
    return [each for block in blocks_of(str(source), size) for each in inputs_of(block)]


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("name", ["lines.jsonl", "rows.parquet", "damaged.parquet", "empty.jsonl"])
def test_blocks_are_read_as_the_whole_is(tmp_path, name, size):
    source = poison(tmp_path)[name].source
    assert read(source, size) == list(read_inputs(str(source)))
    assert all(0 < block.count <= size for block in blocks_of(str(source), size))


def test_rows_are_found_in_any_group(tmp_path):
    path = tmp_path / "rows.parquet"
    table = pa.table({"text": [text(n) for n in range(100)], "id": [str(n) for n in range(100)]})
    pq.write_table(table, path, row_group_size=33)
    blocks = list(blocks_of(str(path), 7))
    last = list(inputs_of(blocks[-1]))
    assert [each.article.text for each in last] == [text(98), text(99)]
    assert [each.name for each in read(path, 7)] == [str(n) for n in range(100)]


def test_files_that_are_added_change_no_block(tmp_path):
    articles(tmp_path / "b.jsonl", 10)
    before = list(blocks_of(str(tmp_path), 4))
    (tmp_path / "a").mkdir()
    articles(tmp_path / "a" / "a.jsonl", 3)
    articles(tmp_path / ".hidden.jsonl", 3)
    articles(tmp_path / "_open.jsonl", 3)
    after = list(blocks_of(str(tmp_path), 4))
    assert [block.count for block in before] == [4, 4, 2]
    assert after[1:] == before
    assert (after[0].name, after[0].count) == ("a/a.jsonl", 3)


@pytest.mark.parametrize("name", ["page.html", "a.txt", "more.jsonl.gz", "a.txt.gz"])
def test_what_cannot_be_read_in_blocks_is_refused_not_left_out(tmp_path, name):
    articles(tmp_path / "a.jsonl", 1)
    (tmp_path / name).write_bytes(b"Invented.")
    with pytest.raises(ConfigError, match=name):
        list(blocks_of(str(tmp_path), 4))


@pytest.mark.parametrize("name", ["", "absent", "a.csv"])
def test_a_source_without_articles_is_refused(tmp_path, name):
    (tmp_path / "a.csv").write_bytes(b"text\nInvented.\n")
    with pytest.raises(ConfigError, match="same path"):
        list(blocks_of(str(tmp_path / name), 4))


def test_a_journal_is_there_again_in_its_order(tmp_path):
    path = tmp_path / "j.jsonl"
    with Journal(path) as journal:
        journal.keep([Dead(KEY, "refused", "no"), Done(OTHER, "{}", "{“ü\n”}".encode())])
        journal.keep([Done(KEY, '{"a": 1}', b"{}")])
    with Journal(path) as journal:
        assert not journal.dead_among([KEY, OTHER])
        assert not journal.new([KEY, OTHER])
        assert journal.bodies([KEY, OTHER]) == {KEY: b"{}", OTHER: "{“ü\n”}".encode()}


@pytest.mark.parametrize("cut", [2, 20, 60])
def test_a_line_that_was_cut_short_costs_that_line_alone(tmp_path, cut):
    path = tmp_path / "j.jsonl"
    with Journal(path) as journal:
        journal.keep([Done(KEY, "{}", b"{}"), Done(OTHER, "{}", b"{}")])
    path.write_bytes(path.read_bytes()[:-cut])
    with Journal(path) as journal:
        assert journal.new([KEY, OTHER]) == {OTHER}
        journal.keep([Done(OTHER, "{}", b"{}")])
    with Journal(path) as journal:
        assert not journal.new([KEY, OTHER])


def test_a_journal_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(ConfigError, match="cannot be written"):
        Journal(tmp_path / "absent" / "j.jsonl")


def test_the_output_is_one_runs_alone(tmp_path):
    folder = tmp_path / "out"
    with (
        premises(folder, "r", 5),
        pytest.raises(ConfigError, match="in use"),
        premises(folder, "r", 5),
    ):
        pass
    with premises(folder, "r", 5):
        pass


def test_an_output_does_not_change_its_recipe_or_its_blocks(tmp_path):
    folder = tmp_path / "out"
    with premises(folder, "r", 5):
        pass
    with pytest.raises(ConfigError, match="another model"), premises(folder, "s", 5):
        pass
    with pytest.raises(ConfigError, match="begun with --block 5"), premises(folder, "r", 6):
        pass


def test_an_output_that_holds_something_else_is_refused(tmp_path):
    written(tmp_path / "in.jsonl", [])
    for folder in (tmp_path, tmp_path / "in.jsonl"):
        with pytest.raises(ConfigError, match="something else"), premises(folder, "r", 5):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_parts_of_no_input_are_put_away(tmp_path):
    with premises(tmp_path / "out", "r", 5) as kept:
        prepare(kept.folder)
        for name in ("old", "new"):
            (kept.folder / "results" / f"{name}.parquet").write_bytes(b"x")
            (kept.folder / "dead" / f"{name}.jsonl").write_bytes(b"x")
        (kept.folder / "results" / ".new.1a2b.part").write_bytes(b"what a kill has left")
        assert kept.put_away_all_but({"new"}) == 2
    assert (kept.folder / STALE / "results" / "old.parquet").exists()
    assert [path.stem for path in (kept.folder / "results").iterdir()] == ["new"]
    assert json.loads((kept.folder / "backfill.json").read_bytes())["block"] == 5

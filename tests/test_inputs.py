import gzip
import io
import json
import re
import subprocess
import sys
import tempfile
import tracemalloc
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from poison import LINES, TEXT, ordinary_folder, poison, record

from extractor.bulk.inputs import Input, count_inputs, read_inputs
from extractor.errors import ConfigError
from extractor.reading import READERS, read_article
from schemas import Article

# All texts here are invented.
SOURCES = (
    "files lines.jsonl lines.ndjson.gz cut.jsonl.gz bomb.jsonl.gz no_gzip.jsonl.gz empty.jsonl "
    "rows.parquet damaged.parquet"
).split()
REFUSED = {
    "unknown.csv": r"\.jsonl, \.ndjson",
    "cut.parquet": "footer",
    "no.parquet": "footer",
    "no_text.parquet": 'column "text"',
}


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory):
    return poison(tmp_path_factory.mktemp("poison"))


def read(source) -> list[Input]:
    return list(read_inputs(str(source)))


def lines(data: bytes) -> list[Input]:
    """What ``data`` gives on standard input."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return read("-")


def texts(inputs: list[Input]) -> list[str | None]:
    return [each.article and each.article.text for each in inputs]


def nameless(article: Article) -> Article:
    return article.model_copy(update={"id": None})


@contextmanager
def peak_below(megabytes: float):
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < megabytes * 1_000_000


@pytest.fixture
def ordinary():
    with ordinary_folder() as folder:
        yield folder


@pytest.mark.parametrize("name", SOURCES)
def test_each_poison_is_an_article_or_a_problem_in_its_place(poisoned, name):
    inputs = read(poisoned[name].source)
    pairs = zip(poisoned[name].readable, inputs, strict=True)
    assert {label: i.article is not None for label, i in pairs} == poisoned[name].readable
    assert [i.position for i in inputs] == list(range(len(inputs)))
    assert count_inputs(str(poisoned[name].source)) == len(inputs)
    for each in inputs:
        assert (each.article is None) != (each.problem is None)
        assert each.name.isprintable()
        assert 0 < len(each.name) <= 200
        assert "Invented" not in (each.problem or "")
        assert "should not happen" not in (each.problem or "")


@pytest.mark.parametrize(("name", "told"), REFUSED.items())
def test_a_source_that_holds_nothing_readable_is_refused_at_once(poisoned, name, told):
    with pytest.raises(ConfigError, match=told):
        read_inputs(str(poisoned[name].source))


@pytest.mark.parametrize("source", ["absent", "absent.jsonl", "", "a\0b.jsonl", "x" * 300])
def test_a_source_that_is_not_there_is_refused_at_once(tmp_path, source):
    for ask in (read_inputs, count_inputs):
        with pytest.raises(ConfigError, match="path"):
            ask(f"{tmp_path}/{source}" if source else "")


def test_a_folder_without_articles_is_refused_at_once(tmp_path):
    (tmp_path / "notes.md").write_text(TEXT)
    (tmp_path / ".hidden.txt").write_text(TEXT)
    (tmp_path / "sub").mkdir()
    with pytest.raises(ConfigError, match=r"no \.txt"):
        read_inputs(str(tmp_path))


def test_files_come_by_the_order_of_their_paths(tmp_path):
    names = ["a.txt", "a/b.txt", "a/b/c.html", "a-b.txt", "A.htm", "ab.json.gz", "b.TXT", "é.txt"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert [each.name for each in read(tmp_path)] == sorted(names)


def test_a_file_reads_as_it_does_alone(poisoned):
    root, readable = poisoned["files"].source, poisoned["files"].readable
    for name, each in zip(readable, read(root), strict=True):
        if each.article and not name.endswith(".gz"):
            assert nameless(each.article) == nameless(read_article(root / name))


def test_a_line_reads_as_it_does_in_a_file(poisoned):
    found = read(poisoned["lines.jsonl"].source)
    for each, (line, good) in zip(found, LINES.values(), strict=True):
        if good:
            assert nameless(each.article) == nameless(read_article(line, name="x.json"))


def test_an_article_is_named_by_its_own_id_else_by_its_place():
    data = b"\n".join([b"", record(id="../../x"), record(), record(id="a\nb\0"), record(id=" ")])
    found = lines(data)
    assert [each.name for each in found] == ["../../x", "line 3", "a\ufffdb\ufffd", "line 5"]
    assert [each.article.id for each in found] == ["../../x", "line 3", "a\nb\0", " "]


def test_a_problem_is_named_by_the_articles_own_id_where_that_can_be_read():
    found = lines(b'{"id": "n1", "text": " "}\n{"id": 17, "text": "x"}\n{"id": "n3"\n')
    assert [each.name for each in found] == ["n1", "17", "line 3"]
    assert all(each.problem for each in found)


def test_a_long_id_stays_whole_and_its_name_keeps_both_ends():
    own = "begin" + "-" * 10_000 + "end"
    [each] = lines(record(id=own))
    assert each.article.id == own
    assert len(each.name) == 200
    assert (each.name[:5], each.name[-3:]) == ("begin", "end")


def test_a_files_name_that_is_no_text_gives_a_legible_id(tmp_path):
    for name in ["a\nb.txt", "c\udcff.txt", "d\u202etxt.exe.txt"]:
        (tmp_path / name).write_text(TEXT)
    found = read(tmp_path)
    assert [each.name for each in found] == ["a\ufffdb.txt", "c\ufffd.txt", "d\ufffdtxt.exe.txt"]
    assert [each.article.id for each in found] == [each.name for each in found]


def test_articles_under_the_same_id_are_all_kept():
    assert texts(lines(record("One.", id="a") + b"\n" + record("Two.", id="a"))) == ["One.", "Two."]


@given(
    st.binary() | st.lists(st.sampled_from([b"\n", b"\r", b" ", b"{}", b"\xff\xfe"])).map(b"".join)
)
def test_any_bytes_give_one_input_for_each_line_that_is_not_blank(data):
    wanted = sum(bool(line.removeprefix(b"\xef\xbb\xbf").strip()) for line in data.split(b"\n"))
    found = lines(data)
    assert [each.position for each in found] == list(range(wanted))
    assert all((each.article is None) != (each.problem is None) for each in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["text", "id", "title", "published_at", "language", "note", "more"])


@given(st.lists(st.dictionaries(FIELDS, JSON, max_size=4), max_size=4))
def test_any_json_objects_give_one_input_each(objects):
    found = lines(b"\n".join(json.dumps(each).encode() for each in objects))
    assert len(found) == len(objects)
    assert all("should not happen" not in (each.problem or "") for each in found)


WORDS = st.text(
    st.characters(blacklist_categories=["Cc", "Cs"], blacklist_characters="\ufffe\uffff")
)


@given(st.lists(WORDS.filter(str.strip)))
def test_texts_come_through_unaltered_and_in_order(given_texts):
    data = "\n".join(json.dumps({"text": text}, ensure_ascii=False) for text in given_texts)
    assert texts(lines(data.encode())) == given_texts


def test_a_line_of_ten_megabytes_is_read_and_a_longer_one_is_not():
    room = 10_000_000 - len(record("", id="a"))
    fits, over = record("", id="a" * (room + 1)), record("", id="a" * (room + 2))
    whole = lines(fits + b"\n" + over + b"\n" + record())
    assert ["no text" in (each.problem or "") for each in whole] == [True, False, False]
    assert "larger than 10 MB" in whole[1].problem
    assert whole[2].article


def test_a_long_blank_line_is_no_input():
    assert texts(lines(b" " * 20_000_000 + b"\n" + record())) == [TEXT]
    assert len(lines(b" " * 20_000_000 + b"x\n" + record())) == 2


def test_long_lines_and_bombs_are_not_held_in_memory(tmp_path):
    bomb = b"x" * 80_000_000
    (tmp_path / "lines.jsonl").write_bytes(bomb + b"\n" + record())
    with gzip.open(tmp_path / "packed.jsonl.gz", "wb", 1) as file:
        file.write(bomb + b"\n" + record())
    (tmp_path / "files").mkdir()
    with gzip.open(tmp_path / "files" / "bomb.txt.gz", "wb", 1) as file:
        file.write(bomb)
    del bomb
    with peak_below(35):
        assert [bool(i.article) for i in read(tmp_path / "lines.jsonl")] == [False, True]
        assert [bool(i.article) for i in read(tmp_path / "packed.jsonl.gz")] == [False, True]
        assert [bool(i.article) for i in read(tmp_path / "files")] == [False]


def test_memory_does_not_grow_with_the_inputs(tmp_path):
    path = tmp_path / "many.jsonl"
    path.write_bytes((record(TEXT * 10) + b"\n") * 8_000)
    with peak_below(3):
        assert sum(1 for each in read_inputs(str(path)) if each.article) == 8_000


@given(st.integers(0, 400))
def test_of_a_cut_gzip_everything_before_the_cut_is_read(kept):
    written = [f"Invented text {n}." for n in range(40)]
    packed = gzip.compress(b"".join(record(text) + b"\n" for text in written), mtime=0)
    kept = min(kept, len(packed) - 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cut.jsonl.gz"
        path.write_bytes(packed[:kept])
        found = read(path)
        assert count_inputs(str(path)) == len(found)
    assert texts(found) == [*written[: len(found) - 1], None] if kept else found == []


@given(st.data())
def test_a_gzip_with_any_byte_changed_never_raises(data):
    packed = bytearray(gzip.compress(b"".join(record(str(n)) + b"\n" for n in range(40)), mtime=0))
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.jsonl.gz"
        path.write_bytes(packed)
        assert read(path)


def test_standard_input_has_no_count():
    assert count_inputs("-") is None


def test_what_may_not_be_opened_is_told(ordinary):
    for name in ["a.txt", "shut/b.txt", "z.txt"]:
        (ordinary / name).parent.mkdir(exist_ok=True)
        (ordinary / name).write_text(TEXT)
    (ordinary / "a.txt").chmod(0)
    (ordinary / "shut").chmod(0)
    found = read(ordinary)
    assert [(each.name, bool(each.article)) for each in found] == [
        ("a.txt", False),
        ("shut/", False),
        ("z.txt", True),
    ]
    assert "Permission denied" in found[0].problem
    assert "permissions" in found[1].problem


@pytest.mark.parametrize("name", ["shut.jsonl", "shut.parquet", "shut"])
def test_a_source_that_may_not_be_opened_is_refused(ordinary, name):
    path = ordinary / name
    path.write_bytes(b"") if path.suffix else path.mkdir()
    path.chmod(0)
    for ask in (read_inputs, count_inputs):
        with pytest.raises(ConfigError, match=r"permission|Permission"):
            ask(str(path))


def test_a_bug_met_by_one_article_is_its_problem_alone(monkeypatch):
    def fail(data: bytes) -> None:
        raise RuntimeError("secret")

    monkeypatch.setitem(READERS, "json", fail)
    found = lines(record() + b"\n" + record())
    assert [each.problem for each in found] == [
        "This should not happen (RuntimeError): please report it."
    ] * 2


def parquet(path: Path, columns: dict, **options) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_a_parquet_row_has_the_fields_of_an_article(tmp_path):
    zone = timezone(timedelta(hours=2))
    columns = {
        "note": ["n", None],
        "text": ["One.", "Two."],
        "more": [1, 2],
        "id": [7, None],
        "title": ["T", None],
        "source": ["S", None],
        "url": ["https://example.org", None],
        "author": ["A", None],
        "published_at": ["2021-03-04T10:20:00+02:00", None],
        "language": ["de", None],
    }
    first, second = read(parquet(tmp_path / "rows.parquet", columns))
    assert first.article.model_dump() == {
        "text": "One.",
        "id": "7",
        "title": "T",
        "source": "S",
        "url": "https://example.org",
        "author": "A",
        "published_at": datetime(2021, 3, 4, 10, 20, tzinfo=zone),
        "language": "de",
        "note": "n",
    }
    assert (first.name, second.name) == ("7", "row 2")
    assert (second.article.id, second.article.language) == ("row 2", "en")
    assert second.article.published_at is None


NOON = datetime(2021, 3, 4, 12)  # noqa: DTZ001
DATES = {
    "seconds": (pa.array([NOON], pa.timestamp("s")), NOON),
    "nanoseconds": (pa.array([NOON], pa.timestamp("ns")), NOON),
    "fraction": (pa.array([1_614_859_200_000_000_001], pa.timestamp("ns")), NOON),
    "utc": (pa.array([NOON], pa.timestamp("us", "UTC")), NOON.replace(tzinfo=UTC)),
    "zone": (
        pa.array([1_614_859_200], pa.timestamp("s", "Europe/Berlin")),
        NOON.replace(tzinfo=UTC),
    ),
    "offset": (pa.array([1_614_859_200], pa.timestamp("s", "+02:00")), NOON.replace(tzinfo=UTC)),
    "date": (pa.array([date(2021, 3, 4)]), datetime(2021, 3, 4)),  # noqa: DTZ001
    "far": (pa.array([400_000_000_000], pa.timestamp("s")), None),
    "nowhere": (pa.array([1], pa.timestamp("s", "No/Where")), None),
    "word": (pa.array(["soon"]), None),
}


@pytest.mark.parametrize(("column", "wanted"), DATES.values(), ids=DATES)
def test_a_parquet_date_is_read_whatever_its_type(tmp_path, column, wanted):
    path = parquet(tmp_path / "rows.parquet", {"text": ["One."], "published_at": column})
    [each] = read(path)
    if wanted:
        assert each.article.published_at == wanted
    else:
        assert "published_at" in each.problem


TYPES = {
    "large": pa.array(["Öne.", None], pa.large_string()),
    "view": pa.array(["Öne.", None], pa.string_view()),
    "dictionary": pa.array(["Öne.", None]).dictionary_encode(),
    "binary": pa.array(["Öne.".encode(), b"\xff"]),
}


@pytest.mark.parametrize("column", TYPES.values(), ids=TYPES)
def test_a_parquet_text_is_read_whatever_its_type(tmp_path, column):
    assert texts(read(parquet(tmp_path / "rows.parquet", {"text": column}))) == ["Öne.", None]


@pytest.mark.parametrize("column", [[1, 2], [["a"], ["b"]], [{"a": "b"}, None], [None, None]])
def test_a_parquet_column_that_is_no_text_is_a_problem_of_each_row(tmp_path, column):
    found = read(parquet(tmp_path / "rows.parquet", {"text": column}))
    assert texts(found) == [None, None]


def test_the_footer_of_a_parquet_file_counts_its_rows(tmp_path):
    path = parquet(tmp_path / "rows.parquet", {"text": ["One."] * 1_000}, row_group_size=300)
    assert count_inputs(str(path)) == 1_000
    assert [each.name for each in read(path)] == [f"row {n}" for n in range(1, 1_001)]
    assert read(parquet(tmp_path / "none.parquet", {"text": pa.array([], pa.string())})) == []


def test_of_a_damaged_row_group_the_rows_before_the_damage_and_the_other_groups_are_read(tmp_path):
    written = [f"Invented text {n:06}. " * 50 for n in range(3_000)]
    path = parquet(
        tmp_path / "rows.parquet",
        {"text": written},
        row_group_size=1_000,
        use_dictionary=False,
        compression="none",
        write_page_checksum=True,
        data_page_size=100_000,
        write_batch_size=10,
        write_statistics=False,  # they would hold texts that no checksum covers
    )
    data = bytearray(path.read_bytes())
    at = data.index(b"Invented text 001500")
    data[at : at + 5] = b"spoil"
    path.write_bytes(data)
    found = texts(read(path))
    lost = [n for n, text in enumerate(found) if text is None]
    assert lost == list(range(lost[0], 2_000))
    assert 1_000 < lost[0] <= 1_500
    assert all(text in {None, written[n]} for n, text in enumerate(found))


@given(st.data())
def test_a_parquet_file_with_damage_anywhere_before_its_footer_keeps_its_count(
    tmp_path_factory, data
):
    folder = tmp_path_factory.mktemp("damage")
    columns = {"text": [TEXT, None] * 20, "id": [str(n) for n in range(40)]}
    path = parquet(folder / "rows.parquet", columns, row_group_size=10, write_page_checksum=True)
    written = bytearray(path.read_bytes())
    footer = len(written) - 8 - int.from_bytes(written[-8:-4], "little")
    at = data.draw(st.integers(4, footer - 1))
    more = data.draw(st.binary(min_size=1, max_size=20))
    written[at : min(at + len(more), footer)] = more[: footer - at]
    path.write_bytes(written)
    assert [each.position for each in read(path)] == list(range(40))


@given(st.integers(0, 600))
def test_a_parquet_file_cut_anywhere_is_refused(tmp_path_factory, kept):
    path = parquet(tmp_path_factory.mktemp("cut") / "rows.parquet", {"text": [TEXT]})
    path.write_bytes(path.read_bytes()[: min(kept, path.stat().st_size - 1)])
    with pytest.raises(ConfigError, match="footer"):
        read_inputs(str(path))


def test_a_large_row_group_is_not_held_in_memory(tmp_path):
    path = tmp_path / "rows.parquet"
    with pq.ParquetWriter(path, pa.schema({"text": pa.string()}), use_dictionary=False) as writer:
        writer.write_table(pa.table({"text": ["One. " * 2_000] * 6_000}))
    assert pq.ParquetFile(path).num_row_groups == 1
    before = pa.total_allocated_bytes()
    most = max(pa.total_allocated_bytes() - before for _ in read_inputs(str(path)))
    assert most < 20_000_000


def test_without_pyarrow_the_reader_is_told_what_to_install(tmp_path, monkeypatch):
    path = parquet(tmp_path / "rows.parquet", {"text": ["One."]})
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    for ask in (read_inputs, count_inputs):
        with pytest.raises(ConfigError, match=re.escape("fact-extractor[parquet]")):
            ask(str(path))


def test_nothing_heavy_is_imported_before_a_file_needs_it():
    code = (
        "import sys, extractor.bulk.inputs, extractor.bulk.outputs;"
        "print(sorted({'pyarrow', 'trafilatura', 'openai', 'spacy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

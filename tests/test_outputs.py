import errno
import os
import re
import resource
import stat
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from poison import ordinary_folder

from extractor.bulk.outputs import (
    write_atomically,
    write_jsonl,
    write_parquet,
    writer_for,
)
from extractor.errors import ConfigError
from schemas import (
    ArticleRecord,
    Claim,
    Coverage,
    Extraction,
    Kind,
    Provenance,
    Span,
    Status,
    Usage,
)

# All texts here are invented.
CLAIM = Claim(
    id="c",
    kind=Kind.EVENT,
    statement="The bridge reopened.",
    subject="The bridge",
    predicate="reopened",
    evidence=(Span(start=0, end=20, text="The bridge reopened."),),
)
WRITERS = {"out.jsonl": write_jsonl, "out.parquet": write_parquet}


def line(name: str | None = "a", claims: int = 1, **about: object) -> bytes:
    published = datetime(2021, 3, 4, 10, tzinfo=UTC)
    record = {"id": name, "sha256": "0" * 64, "title": "Öffnung “neu”", "published_at": published}
    extraction = Extraction(
        status=Status.OK,
        article=ArticleRecord.model_validate(record | about),
        claims=(CLAIM,) * claims,
        coverage=Coverage(sentences=1, covered=1),
        usage=Usage(),
        provenance=Provenance(
            model="m",
            endpoint="local",
            prompt="p",
            prompt_digest="d",
            schema_digest="s",
            extractor_version="0",
            created_at=published,
        ),
    )
    return extraction.model_dump_json().encode()


LINES = [line(str(n), n % 3) for n in range(50)]


def broken(after: int, error: BaseException):
    """Lines until something goes wrong."""
    yield from LINES[:after]
    raise error


@pytest.fixture(params=WRITERS)
def path(request, tmp_path):
    return tmp_path / request.param


@pytest.fixture
def write(path):
    return WRITERS[path.name]


@contextmanager
def files_at_most(size: int):
    """Within, no file can grow past ``size`` bytes: as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def ordinary():
    with ordinary_folder() as folder:
        yield folder


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@contextmanager
def mask(value: int):
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_json_lines_are_written_as_they_are(tmp_path):
    path = tmp_path / "out.jsonl"
    assert write_jsonl(path, iter(LINES)) == 50
    assert path.read_bytes() == b"\n".join(LINES) + b"\n"
    assert write_jsonl(path, []) == 0
    assert path.read_bytes() == b""


def test_a_parquet_row_holds_what_one_looks_for_and_the_whole_result(tmp_path):
    path = tmp_path / "out.parquet"
    given_lines = [line("a", 2, source="S", url="https://example.org"), line(None, 0)]
    assert write_parquet(path, iter(given_lines)) == 2
    table = pq.read_table(path)
    assert {field.name: str(field.type) for field in table.schema} == {
        "id": "string",
        "sha256": "string",
        "status": "string",
        "title": "string",
        "source": "string",
        "url": "string",
        "published_at": "string",
        "claims": "int32",
        "extraction": "string",
    }
    first, second = table.to_pylist()
    assert first.pop("extraction").encode() == given_lines[0]
    assert first == {
        "id": "a",
        "sha256": "0" * 64,
        "status": "ok",
        "title": "Öffnung “neu”",
        "source": "S",
        "url": "https://example.org",
        "published_at": "2021-03-04T10:00:00Z",
        "claims": 2,
    }
    assert (second["id"], second["claims"], second["source"]) == (None, 0, None)
    assert second["extraction"].encode() == given_lines[1]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_a_result_says_comes_back_byte_for_byte(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "out.parquet"
    given_line = line(text, title=text, url=text)
    write_parquet(path, [given_line])
    [row] = pq.read_table(path).to_pylist()
    assert row["extraction"].encode() == given_line
    assert (row["id"], row["title"], row["url"]) == (text, text, text)


def test_the_same_lines_give_the_same_bytes(path, write):
    write(path, LINES)
    first = path.read_bytes()
    write(path, LINES)
    assert path.read_bytes() == first


def test_parquet_without_a_row_is_a_parquet_file(tmp_path):
    assert write_parquet(tmp_path / "out.parquet", []) == 0
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 0


def test_row_groups_are_small_by_rows_and_by_bytes(tmp_path):
    path = tmp_path / "out.parquet"
    assert write_parquet(path, (line(str(n), 0) for n in range(12_000))) == 12_000
    assert groups(path) == [5_000, 5_000, 2_000]
    large = line("a" * 1_000_000)
    assert write_parquet(path, (large for _ in range(100))) == 100
    assert groups(path) == [32, 32, 32, 4]


def groups(path: Path) -> list[int]:
    metadata = pq.ParquetFile(path).metadata
    assert metadata.row_group(0).column(8).compression == "ZSTD"
    return [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]


def test_parquet_takes_no_more_memory_for_more_rows(tmp_path):
    large = line("a" * 500_000)
    peak = 0

    def lines():
        nonlocal peak
        for _ in range(600):
            peak = max(peak, pa.total_allocated_bytes() - before)
            yield large

    before = pa.total_allocated_bytes()
    write_parquet(tmp_path / "out.parquet", lines())
    assert peak < 150_000_000  # of 600 MB


@pytest.mark.parametrize("after", [0, 1, 50])
@pytest.mark.parametrize("error", [RuntimeError(), KeyboardInterrupt(), ConfigError("mend it")])
def test_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(path, write, after, error):
    path.write_bytes(b"old")
    with pytest.raises(type(error)):
        write(path, broken(after, error))
    assert path.read_bytes() == b"old"
    assert names(path.parent) == [path.name]


def test_a_line_that_is_no_extraction_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="parsing an object"):
        write_parquet(tmp_path / "out.parquet", [*LINES, b"{"])
    assert names(tmp_path) == []


def test_a_full_disk_is_told_and_leaves_the_old_file(path, write):
    path.write_bytes(b"old")
    many = (line(os.urandom(500).hex()) for _ in range(6_000))
    with (
        files_at_most(200_000),
        pytest.raises(ConfigError, match=r"cannot be written \(File too large\): free some space"),
    ):
        write(path, many)
    assert path.read_bytes() == b"old"
    assert names(path.parent) == [path.name]


def test_a_folder_that_may_not_be_written_is_told(ordinary):
    path = ordinary / "out.jsonl"
    path.write_bytes(b"old")
    ordinary.chmod(0o500)
    with pytest.raises(ConfigError, match=r"\(Permission denied\)"):
        write_jsonl(path, LINES)
    assert path.read_bytes() == b"old"
    assert names(ordinary) == ["out.jsonl"]


@pytest.mark.parametrize("name", ["absent/out.jsonl", "file/out.jsonl", "x" * 300 + ".jsonl"])
def test_where_no_file_can_be_is_told(tmp_path, name):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_jsonl(tmp_path / name, LINES)
    assert names(tmp_path) == ["file"]


def test_what_is_no_file_is_not_replaced(tmp_path):
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "null.jsonl").symlink_to(os.devnull)
    for name in ("folder.jsonl", "null.jsonl"):
        with pytest.raises(ConfigError, match="name a file"):
            write_jsonl(tmp_path / name, LINES)
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


@pytest.mark.parametrize(("umask", "wanted"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_an_ordinary_new_files_permissions(path, write, umask, wanted):
    with mask(umask):
        write(path, LINES)
    assert mode(path) == wanted


def test_a_replaced_file_keeps_its_permissions(path, write):
    path.write_bytes(b"old")
    path.chmod(0o604)
    with mask(0o077):
        write(path, LINES)
    assert mode(path) == 0o604


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "kept").mkdir()
    link = tmp_path / "out.jsonl"
    link.symlink_to("kept/real.jsonl")
    write_jsonl(link, LINES)
    write_jsonl(link, LINES[:1])
    assert link.is_symlink()
    assert (tmp_path / "kept/real.jsonl").read_bytes() == LINES[0] + b"\n"
    assert names(tmp_path / "kept") == ["real.jsonl"]


def test_what_is_being_written_is_a_hidden_file_beside_the_old_one(tmp_path):
    seen = set()

    def look(file):
        (tmp_path / "out.jsonl").write_bytes(b"old")
        seen.update(names(tmp_path))
        file.write(b"new")

    for _ in range(2):
        write_atomically(tmp_path / "out.jsonl", look)
    parts = seen - {"out.jsonl"}
    assert len(parts) == 2
    assert all(re.fullmatch(r"\.out\.jsonl\.[0-9a-f]{16}\.part", part) for part in parts)


def test_the_file_is_on_the_disk_before_it_has_its_name_and_the_name_after(tmp_path, monkeypatch):
    path = tmp_path / "out.jsonl"
    synced = []
    real = os.fsync

    def fsync(handle: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        size = os.fstat(handle).st_size
        synced.append(("folder", path.exists()) if is_folder else (size, path.exists()))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomically(path, lambda file: file.write(b"12345") and None)
    assert synced == [(5, False), ("folder", True)]


@pytest.mark.parametrize(("code", "fails"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_folder_that_cannot_be_synced_is_no_failure_but_a_failing_disk_is(
    tmp_path, monkeypatch, code, fails
):
    real = os.fsync

    def fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(code, os.strerror(code))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    if fails:
        with pytest.raises(ConfigError, match="Input/output error"):
            write_jsonl(tmp_path / "out.jsonl", LINES)
    else:
        assert write_jsonl(tmp_path / "out.jsonl", LINES) == 50


def test_of_several_writers_at_once_one_wins_whole(tmp_path):
    path = tmp_path / "out.jsonl"
    wanted = [[b"%d" % n * 1_000] * 200 for n in range(8)]
    threads = [threading.Thread(target=write_jsonl, args=(path, lines)) for lines in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes().splitlines() in wanted
    assert names(tmp_path) == ["out.jsonl"]


@pytest.mark.parametrize(
    ("name", "writer"),
    [
        ("out.jsonl", write_jsonl),
        ("out.NDJSON", write_jsonl),
        ("a.b.parquet", write_parquet),
    ],
)
def test_the_writer_is_told_by_the_ending(name, writer):
    assert writer_for(Path(name)) is writer


@pytest.mark.parametrize("name", ["out", "out.json", "out.jsonl.gz", ".parquet"])
def test_another_ending_is_refused(name):
    with pytest.raises(ConfigError, match=r"\.jsonl, \.ndjson or \.parquet"):
        writer_for(Path(name))


def test_without_pyarrow_it_is_told_before_anything_is_done(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ConfigError, match=re.escape("pip install 'fact-extractor[parquet]'")):
        writer_for(Path("out.parquet"))

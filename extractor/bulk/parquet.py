"""Parquet in and out. The only module that knows pyarrow, and only once a file needs it."""

import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, TypedDict

from extractor.errors import ArticleError, ConfigError
from schemas import Article

# pyarrow has no types that a checker can use: what comes from it is Any, here and nowhere else.
# ruff: noqa: ANN401

ROWS_AT_ONCE = 32  # of 10 MB each at worst
BUFFER = 1_000_000
GROUP_ROWS = 5_000
GROUP_BYTES = 32_000_000
MISSING = "Parquet needs pyarrow: pip install 'fact-extractor[parquet]', or use JSON lines."
UNREADABLE = (
    "The Parquet file cannot be read: its footer is missing or damaged, as when it was cut short, "
    "or it is encrypted. Fetch or write it anew."
)
NO_TEXT = 'The Parquet file needs one column "text": rename the column that holds the articles.'
DAMAGED = (
    "Row group {} of the Parquet file is damaged here: fetch or write the file anew. The other "
    "groups were read."
)


class Row(TypedDict):
    """One row of the output; ``claims`` is their number, ``extraction`` the whole as JSON."""

    id: str | None
    sha256: str
    status: str
    title: str | None
    source: str | None
    url: str | None
    published_at: str | None
    claims: int
    extraction: str


def arrow() -> Any:
    """The package pyarrow, with ``pyarrow.parquet`` loaded.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ImportError:
        raise ConfigError(MISSING) from None


def check_columns(path: Path) -> None:
    """See that ``path`` holds articles.

    Raises:
        ConfigError: its footer cannot be read, it has no column ``text``, or pyarrow is missing.
    """
    with _opened(path) as file:
        if file.schema_arrow.names.count("text") != 1:
            raise ConfigError(NO_TEXT)


def row_count(path: Path) -> int:
    """How many rows the footer tells of.

    Raises:
        ConfigError: as ``check_columns``, whatever the columns.
    """
    with _opened(path) as file:
        return sum(_group_rows(file, group) for group in range(file.num_row_groups))


def rows(path: Path, start: int = 0) -> Iterator[bytes | ArticleError]:
    """Each row as an article's JSON, or why it is none; as many as ``row_count`` tells.

    The first ``start`` rows are passed over. Nulls and columns that are no field of an article are
    left out. Where a row group is damaged, its remaining rows are errors.
    """
    with _opened(path) as file:
        names = file.schema_arrow.names
        columns = [name for name in Article.model_fields if names.count(name) == 1]
        for group in range(file.num_row_groups):
            size = _group_rows(file, group)
            if start < size:
                yield from _group(file, group, columns, start)
            start = max(0, start - size)


def written_lines(path: Path) -> Iterator[bytes]:
    """What ``write_rows`` wrote: each row's ``extraction``.

    Raises:
        ConfigError: the file cannot be read.
    """
    with _opened(path) as file:
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=["extraction"], use_threads=False):
            yield from (cell.as_py().encode() for cell in batch.column(0))


@contextmanager
def _opened(path: Path) -> Generator[Any]:
    parquet = arrow().parquet
    try:
        file = parquet.ParquetFile(path, buffer_size=BUFFER, page_checksum_verification=True)
    except Exception:  # a damaged footer raises OSError, pyarrow's own, ValueError, MemoryError
        raise ConfigError(UNREADABLE) from None
    with file:
        yield file


def _group_rows(file: Any, group: int) -> int:
    return file.metadata.row_group(group).num_rows


def _group(file: Any, group: int, columns: list[str], start: int) -> Iterator[bytes | ArticleError]:
    left = _group_rows(file, group)
    batches = file.iter_batches(ROWS_AT_ONCE, [group], columns, use_threads=False)
    while left > 0 and (batch := _next(batches)):
        size = min(left, len(batch["text"]))
        found = [_record(batch, row) for row in range(min(start, size), size)]
        left -= size
        start = max(0, start - size)
        yield from found
    for _ in range(left - start):
        yield ArticleError(DAMAGED.format(group + 1))


def _next(batches: Iterator[Any]) -> dict[str, Any] | None:
    """The columns of the next batch; None at the end, or where the file is damaged."""
    try:
        batch = next(batches, None)
        if batch is None:
            return None
        return {name: _plain(batch.column(at)) for at, name in enumerate(batch.schema.names)}
    except Exception:  # as with the footer
        return None


def _plain(column: Any) -> Any:
    """No column of nanoseconds: Python's dates have none, and no article needs them."""
    pyarrow = arrow()
    if not pyarrow.types.is_timestamp(column.type) or column.type.unit != "ns":
        return column
    return column.cast(pyarrow.timestamp("us", column.type.tz), safe=False)


def _record(batch: dict[str, Any], row: int) -> bytes | ArticleError:
    values: dict[str, object] = {}
    for name, column in batch.items():
        try:
            value = _value(column[row])
        except Exception:  # no UTF-8, a date beyond Python's, an unknown time zone
            return ArticleError(
                f"The value in column {name} is no text or no date: mend this row of the file."
            )
        if value is not None:
            values[name] = str(value) if name == "id" else value
    return json.dumps(values, ensure_ascii=False, default=str).encode()


def _value(cell: Any) -> object:
    """A cell as text, a date as ISO 8601, anything else as it is."""
    value = cell.as_py()
    if isinstance(value, bytes):
        return value.decode()
    return value.isoformat() if isinstance(value, date) else value


def write_rows(file: BinaryIO, found: Iterable[Row]) -> int:
    """Write a whole Parquet file and say how many rows it has; the same rows, the same bytes.

    A row group has at most 5,000 rows and about 32 MB of JSON: no more is held in memory.

    Raises:
        ConfigError: pyarrow is missing.
    """
    pyarrow = arrow()
    written = 0
    with pyarrow.parquet.ParquetWriter(
        file,
        _schema(pyarrow),
        compression="zstd",
        use_dictionary=["status", "source"],
        write_page_checksum=True,
    ) as writer:
        for group in _grouped(found):
            writer.write_batch(pyarrow.RecordBatch.from_pylist(group, _schema(pyarrow)))
            written += len(group)
    return written


def _schema(pyarrow: Any) -> Any:
    fields = dict.fromkeys(Row.__annotations__, pyarrow.string())
    return pyarrow.schema(fields | {"claims": pyarrow.int32()})


def _grouped(found: Iterable[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    size = 0
    for row in found:
        group.append(row)
        size += len(row["extraction"])
        if len(group) == GROUP_ROWS or size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group

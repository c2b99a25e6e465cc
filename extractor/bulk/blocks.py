"""Blocks: some articles of one file, which a machine finds and reads without the rest of it."""

import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePath

from extractor.bulk.inputs import FORMATS, GZIP, LINES, PARQUET, Input, input_of, lines_of
from extractor.bulk.parquet import check_columns, row_count, rows
from extractor.errors import ConfigError

READABLE = (*(ending for ending in sorted(LINES) if not ending.endswith(GZIP)), PARQUET)
KNOWN = (*READABLE, *FORMATS)  # what is known but not readable here is refused, not left out
NO_SOURCE = (
    "With --via ray the articles come in .jsonl, .ndjson or .parquet files, or a folder of such "
    "files, on storage that every machine sees at the same path: {}."
)
PACKED = "{} is packed with gzip, which cannot be read from its middle: unpack it, or use Parquet."


@dataclass(frozen=True)
class Block:
    """``count`` articles of the file ``name`` in the folder ``root``.

    ``first`` counts them from 0 within their file: lines that are not blank, or rows. ``line`` is
    the first one's line, from 1, and ``offset`` the byte where it begins; 0 in Parquet.
    """

    root: str
    name: str
    first: int
    count: int
    line: int = 0
    offset: int = 0

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.root, self.name)


def blocks_of(source: str, size: int) -> Iterator[Block]:
    """All articles of ``source`` in blocks of at most ``size``, in the order of their paths.

    Of a Parquet file only the footer is read; JSON lines are gone through once. A block never
    spans two files, so that files which are added later change no block.

    Raises:
        ConfigError: the source, or a file in it, cannot be read as articles.
    """
    for root, name in _files(source):
        path = Path(root, name)
        of_file = _of_rows if path.suffix.lower() == PARQUET else _of_lines
        try:
            yield from of_file(root, name, size)
        except OSError as error:
            raise ConfigError(NO_SOURCE.format(f"{name} gives {error.strerror}")) from None


def inputs_of(block: Block) -> Iterator[Input]:
    """The articles of ``block``; their positions count within the file.

    Raises:
        ConfigError: the file cannot be read.
        OSError: it cannot be opened.
    """
    found = _row_inputs(block) if block.path.suffix.lower() == PARQUET else _line_inputs(block)
    return islice(found, block.count)


def _files(source: str) -> Iterator[tuple[str, str]]:
    """Folder and name in it of each file, whole folders sorted by path, hidden ones left out."""
    top = os.path.abspath(source)  # noqa: PTH100  a link keeps its name: other machines have it too
    if os.path.isfile(top):  # noqa: PTH113
        found = [os.path.basename(top)]  # noqa: PTH119
        top = os.path.dirname(top)  # noqa: PTH120
    else:
        found = sorted(_inside(top))
    if not found:
        raise ConfigError(NO_SOURCE.format("there is none"))
    for name in found:
        _check(name)
        yield top, name


def _inside(folder: str) -> Generator[str]:
    for at, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if each[0] not in "._"]
        for name in names:
            if name[0] not in "._" and name.lower().removesuffix(GZIP).endswith(KNOWN):
                yield os.path.relpath(f"{at}/{name}", folder)


def _check(name: str) -> None:
    if name.lower().endswith(GZIP):
        raise ConfigError(PACKED.format(PurePath(name).name))
    if not name.lower().endswith(READABLE):
        raise ConfigError(NO_SOURCE.format(f"{PurePath(name).name} is none"))


def _of_rows(root: str, name: str, size: int) -> Iterator[Block]:
    path = Path(root, name)
    check_columns(path)
    whole = row_count(path)
    for first in range(0, whole, size):
        yield Block(root, name, first, min(size, whole - first))


def _of_lines(root: str, name: str, size: int) -> Iterator[Block]:
    first, count, line, offset = 0, 0, 1, 0
    with Path(root, name).open("rb") as file:
        for place, _, _ in lines_of(file):
            count += 1
            if count == size:
                yield Block(root, name, first, count, line, offset)
                first, count = first + count, 0
                line, offset = int(place.removeprefix("line ")) + 1, file.tell()
    if count:
        yield Block(root, name, first, count, line, offset)


def _row_inputs(block: Block) -> Iterator[Input]:
    for at, row in enumerate(rows(block.path, block.first), block.first):
        yield input_of(at, f"row {at + 1}", "json", row)


def _line_inputs(block: Block) -> Iterator[Input]:
    with block.path.open("rb") as file:
        file.seek(block.offset)
        for at, found in enumerate(lines_of(file, block.line), block.first):
            yield input_of(at, *found)

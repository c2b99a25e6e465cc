"""What a backfill writes: JSON lines or Parquet, whole or not at all."""

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from pydantic_core import from_json

from extractor.bulk.ledger import Ledger
from extractor.bulk.outcome import letter
from extractor.bulk.parquet import Row, arrow, write_rows
from extractor.errors import ConfigError

Writer = Callable[[Path, Iterable[bytes]], int]


def writer_for(path: Path) -> Writer:
    """The function that writes extractions, one JSON object each, into a file named so.

    Raises:
        ConfigError: the name has no known ending, or what its format needs is not installed.
    """
    ending = path.suffix.lower()
    if ending in {".jsonl", ".ndjson"}:
        return write_jsonl
    if ending == ".parquet":
        arrow()  # what is missing is better known now than when all is paid for
        return write_parquet
    raise ConfigError("The output's name must end in .jsonl, .ndjson or .parquet.")


def write_jsonl(path: Path, lines: Iterable[bytes]) -> int:
    """Write ``lines`` (which end without a line feed), one a line; how many they were.

    Raises:
        ConfigError: as ``write_atomically``.
    """
    written = 0

    def write(file: BinaryIO) -> None:
        nonlocal written
        for line in lines:
            file.write(line + b"\n")
            written += 1

    write_atomically(path, write)
    return written


def write_letters(path: Path, ledger: Ledger) -> None:
    """Write the dead letters of ``ledger``, one a line; no file where there are none.

    Raises:
        ConfigError: as ``write_atomically``.
    """
    letters = (letter(*each) for each in ledger.dead())
    first = next(letters, None)
    if first is None:
        path.unlink(missing_ok=True)
    else:
        write_jsonl(path, chain([first], letters))


def write_parquet(path: Path, lines: Iterable[bytes]) -> int:
    """Write ``lines``, each the JSON of an ``Extraction``, one a row; how many they were.

    Columns: id, sha256, status, title, source, url, published_at (ISO 8601), claims (their number),
    extraction (the line, byte for byte).

    Raises:
        ConfigError: as ``write_atomically``, or pyarrow is missing.
        ValueError: a line is no JSON.
    """
    written = 0

    def write(file: BinaryIO) -> None:
        nonlocal written
        written = write_rows(file, map(_row, lines))

    write_atomically(path, write)
    return written


def _row(line: bytes) -> Row:
    extraction = from_json(line)
    article = extraction["article"]
    return Row(
        id=article.get("id"),
        sha256=article["sha256"],
        status=extraction["status"],
        title=article.get("title"),
        source=article.get("source"),
        url=article.get("url"),
        published_at=article.get("published_at"),
        claims=len(extraction["claims"]),
        extraction=line.decode(),
    )


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Put what ``write`` writes in the place of ``path`` in one step, once it is on the disk.

    Whatever goes wrong, also a loss of power, there is either the old file or the whole new one.
    The new file has the permissions of the old one. A link is followed.

    Raises:
        ConfigError: the file cannot be written.
    """
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name[:50]}.{secrets.token_hex(8)}.part")
    try:
        mode = _mode(target)
        try:
            with part.open("xb") as file:
                write(file)
                file.flush()
                if mode is not None:
                    os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        _sync_folder(target.parent)
    except OSError as error:
        raise ConfigError(
            f"The output cannot be written ({error.strerror or 'failed'}): free some space, or "
            "check the folder and its permissions."
        ) from None


def _mode(target: Path) -> int | None:
    """The permissions of the file that is replaced."""
    if not target.exists():
        return None
    if not target.is_file():
        raise ConfigError("The output is a folder or a device: name a file.")
    return stat.S_IMODE(target.stat().st_mode)


def _sync_folder(folder: Path) -> None:
    """Make the new name last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems cannot, and need not
            raise
    finally:
        os.close(handle)

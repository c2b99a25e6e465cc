"""A ledger for one block, in memory, whose every commit is first on shared storage.

SQLite's own files are not for network file systems. A journal is one file with one writer that
only ever grows, one JSON object a line; a line that a kill has cut short is passed over.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from pydantic_core import from_json

from extractor.bulk.ledger import Dead, Done, Ledger
from extractor.errors import ConfigError

UNWRITABLE = (
    "The journal {} cannot be written ({}): free some space, or check the folder's permissions. "
    "What is in it is safe: run the same command again."
)


class Journal(Ledger):
    """The ledger of one block; what its file already holds is in it from the start.

    Raises:
        ConfigError: the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(Path(":memory:"))
        self._lines = path
        try:
            held = path.read_bytes() if path.exists() else b""
            self._end = path.open("ab")
            self._end.write(b"\n" if held else b"")  # after a line that was cut short
        except OSError as error:
            raise ConfigError(UNWRITABLE.format(path.name, error.strerror)) from None
        for outcome in _outcomes(held):
            super().keep([outcome])  # in their order: a retry may have made a result of a letter

    def keep(self, outcomes: Sequence[Done | Dead]) -> None:
        """Commit what became of some texts; on return it is on the shared storage."""
        try:
            self._end.write(lines_of(outcomes))
            self._end.flush()
            os.fsync(self._end.fileno())
        except OSError as error:
            raise ConfigError(UNWRITABLE.format(self._lines.name, error.strerror)) from None
        super().keep(outcomes)

    def __exit__(self, *about: object) -> None:
        self._end.close()
        super().__exit__(*about)


def lines_of(outcomes: Iterable[Done | Dead]) -> bytes:
    """Outcomes as a journal holds them."""
    return b"".join(json.dumps(_plain(each)).encode() + b"\n" for each in outcomes)


def _plain(outcome: Done | Dead) -> dict[str, str | None]:
    body = outcome.body.decode() if outcome.body is not None else None
    return asdict(outcome) | {"key": outcome.key.hex(), "body": body}


def _outcomes(data: bytes) -> Iterator[Done | Dead]:
    for line in data.split(b"\n"):
        try:
            held = cast("dict[str, Any]", from_json(line))
        except ValueError:
            continue
        held["key"] = bytes.fromhex(held["key"])
        held["body"] = held["body"].encode() if held["body"] is not None else None
        yield Done(**held) if "article" in held else Dead(**held)

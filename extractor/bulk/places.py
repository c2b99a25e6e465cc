"""Where a block's results, dead letters and journal lie on shared storage, and when it is whole.

While a block is at work its journal is the truth about it. Once dead letters and results are in
their places the journal goes; a block with results and no journal is whole, and nothing of it is
asked again. So no kill, at whatever moment, loses a row, doubles one or has one paid for again.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pydantic_core import from_json

from extractor.bulk.blocks import Block
from extractor.bulk.journal import Journal, lines_of
from extractor.bulk.ledger import Accounts, Dead, Done, Row
from extractor.bulk.outcome import line
from extractor.bulk.outputs import write_atomically, write_letters, write_parquet
from extractor.bulk.parquet import row_count, written_lines

RESULTS, DEAD, OPEN, STALE = "results", "dead", "open", "stale"
NAME_LIMIT = 80
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
DIGEST = 20  # hex digits: by chance two of 100,000 blocks agree once in 10^14 runs


@dataclass(frozen=True)
class Place:
    """The three files of one block in the output folder."""

    folder: Path
    stem: str

    @property
    def results(self) -> Path:
        """Parquet, as one machine writes it; also where there are no results."""
        return self.folder / RESULTS / f"{self.stem}.parquet"

    @property
    def dead(self) -> Path:
        """JSON lines, as one machine writes them; no file where there are none."""
        return self.folder / DEAD / f"{self.stem}.jsonl"

    @property
    def journal(self) -> Path:
        """What is paid for and not in its place yet."""
        return self.folder / OPEN / f"{self.stem}.jsonl"

    @property
    def is_whole(self) -> bool:
        """Whether all that became of the block is in its place."""
        return self.results.exists() and not self.journal.exists()


def prepare(folder: Path) -> None:
    """Make the folders of all places.

    Raises:
        OSError: they cannot be made.
    """
    for name in (RESULTS, DEAD, OPEN):
        (folder / name).mkdir(parents=True, exist_ok=True)


def place_of(folder: Path, block: Block, rows: Sequence[Row]) -> Place:
    """The place of ``block`` with these ``rows``: other texts, ids or keys have another one."""
    digest = hashlib.sha256(json.dumps([block.name, block.first]).encode())
    for row in rows:
        what = row.key.hex() if row.key else row.problem
        digest.update(json.dumps([what, row.name, row.about]).encode())
    name = UNSAFE.sub("_", block.name)[-NAME_LIMIT:]
    return Place(folder, f"{name}-{block.first:09}-{digest.hexdigest()[:DIGEST]}")


def put(place: Place, journal: Journal) -> None:
    """Put what ``journal`` holds in its place; then the block is whole.

    Raises:
        ConfigError: a file cannot be written.
    """
    write_letters(place.dead, journal)
    write_parquet(place.results, (line(*each) for each in journal.results()))
    place.journal.unlink(missing_ok=True)


def found(place: Place) -> tuple[Accounts, Counter[str]]:
    """Of a block that is whole: its accounts, and the reasons of its dead letters."""
    reasons = Counter[str](each["reason"] for each in _letters(place))
    return Accounts(row_count(place.results), reasons.total(), 0), reasons


def reopen(place: Place, rows: Sequence[Row]) -> None:
    """Make the journal of a whole block again, so that its dead letters can be asked about."""
    dead = {int(each["position"]): each for each in _letters(place)}
    lines = written_lines(place.results)
    outcomes = [
        _dead(row, dead[row.position]) if row.position in dead else _done(row, next(lines))
        for row in rows
    ]
    held = lines_of(each for each in outcomes if each)

    def write(file: BinaryIO) -> None:
        file.write(held)

    write_atomically(place.journal, write)


def _letters(place: Place) -> Iterator[dict[str, Any]]:
    if place.dead.exists():
        yield from map(from_json, place.dead.read_bytes().split(b"\n")[:-1])


def _dead(row: Row, told: dict[str, Any]) -> Dead | None:
    if row.key is None:
        return None
    body = json.dumps(told["found"]).encode() if told["found"] else None
    return Dead(row.key, told["reason"], told["message"], body)


def _done(row: Row, written: bytes) -> Done:
    assert row.key
    rest = from_json(written)
    article = json.dumps(rest.pop("article"))
    return Done(row.key, article, json.dumps(rest, ensure_ascii=False).encode())

"""The parts that questions are sent in, and how far each has come at the provider.

What is to happen there is committed before it happens, and again when it has.
"""

import secrets
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from extractor.bulk.batch_ledger import ANSWERED, LISTED, OPEN, UNANSWERED, Answer
from extractor.bulk.ledger import Ledger

ROUNDS = 4  # a question that so many batches did not answer is dead
SELECT = (
    "SELECT id, token, state, file, batch, made_at, "
    "(SELECT count(*) FROM questions WHERE part = parts.id) FROM parts "
)
FITTING = f"SELECT id, size, cost FROM questions WHERE {OPEN} ORDER BY id"  # noqa: S608
ASSIGN = f"UPDATE questions SET part = ? WHERE {OPEN} AND id <= ?"  # noqa: S608
UNLISTED = f"SELECT 1 FROM questions WHERE part = ? AND NOT {LISTED} LIMIT 1"  # noqa: S608
MADE = "INSERT INTO parts (token, state, made_at) VALUES (?,?,?)"
REACHED = "UPDATE parts SET state = ?, file = ?, batch = ? WHERE id = ?"
LINES = "SELECT key, body FROM questions WHERE part = ? ORDER BY id"
TAKE = (
    "UPDATE questions SET status = ?, answer = ?, body = NULL, cost = iif(? = ?, cost, 0.0) "
    "WHERE key = ? AND part = ? AND (status IS NULL OR status <> ? AND ? = ?)"
)
GIVE_UP = (
    "UPDATE questions SET status = ?, answer = ?, body = NULL, cost = 0.0 "
    "WHERE part = ? AND status IS NULL AND rounds + ? >= ?"
)
REOPEN = "UPDATE questions SET rounds = rounds + ?, part = NULL WHERE part = ? AND status IS NULL"


class State(StrEnum):
    """From ``creating`` until ``ended`` there may be a batch at the provider."""

    INTENDED = "intended"
    UPLOADED = "uploaded"
    CREATING = "creating"
    SUBMITTED = "submitted"
    ENDED = "ended"


@dataclass(frozen=True)
class Part:
    """Questions that go in one file; ``token`` is its name at the provider. ``made_at``: epoch."""

    id: int
    token: str
    state: State
    file: str | None
    batch: str | None
    made_at: float
    size: int  # questions

    @property
    def name(self) -> str:
        """The name that its file is uploaded under."""
        return f"extractor-{self.token}.jsonl"


@dataclass(frozen=True)
class Bounds:
    """The most that a file holds: questions, bytes, and about what they cost in US dollars."""

    questions: int
    size: int
    cost: float


def at_provider(ledger: Ledger) -> int:
    """How many batches of this ledger may be under way; no table is made."""
    with ledger.transaction() as file:
        if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'parts'").fetchone():
            return 0
        found = file.execute(
            "SELECT count(*) FROM parts WHERE state IN (?,?)", (State.CREATING, State.SUBMITTED)
        )
        return found.fetchone()[0]


class Parts:
    """The parts of a ledger whose tables ``Questions`` has made."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def cut(self, bounds: Bounds, full: bool) -> Part | None:
        """Make a part of the next open questions; of a ``full`` one or none, if that is asked for.

        The first question always fits, except into the cost.
        """
        with self._ledger.transaction() as file:
            last, is_full = _fitting(file.execute(FITTING), bounds)
            if last is None or (full and not is_full):
                return None
            row = (secrets.token_hex(16), State.INTENDED, time.time())
            number = file.execute(MADE, row).lastrowid
            file.execute(ASSIGN, (number, last))
            return _part(file.execute(SELECT + "WHERE id = ?", (number,)).fetchone())

    def of(self, *states: State) -> list[Part]:
        """The parts in these states, oldest first."""
        marks = ",".join("?" * len(states))
        with self._ledger.transaction() as file:
            found = file.execute(f"{SELECT} WHERE state IN ({marks}) ORDER BY id", states)
            return [_part(row) for row in found]

    def is_of_this_run(self, part: Part) -> bool:
        """Whether this run has listed all the articles that the part asks about."""
        with self._ledger.transaction() as file:
            return file.execute(UNLISTED, (part.id,)).fetchone() is None

    def lines(self, part: Part) -> Iterator[tuple[bytes, bytes]]:
        """Key and body of each question, in the order of the file's lines."""
        with self._ledger.transaction() as file:
            for key, body in file.execute(LINES, (part.id,)):
                yield key, zlib.decompress(body)

    def key_at(self, part: Part, line: int) -> bytes | None:
        """The key of the question in this line of the part's file, from 1."""
        query = "SELECT key FROM questions WHERE part = ? ORDER BY id LIMIT 1 OFFSET ?"
        with self._ledger.transaction() as file:
            found = file.execute(query, (part.id, max(0, line - 1))).fetchone()
        return found[0] if found else None

    def reached(
        self, part: Part, state: State, file: str | None = None, batch: str | None = None
    ) -> Part:
        """Commit that the part has come so far."""
        row = (state, file or part.file, batch or part.batch, part.id)
        with self._ledger.transaction() as connection:
            connection.execute(REACHED, row)
            return _part(connection.execute(SELECT + "WHERE id = ?", (part.id,)).fetchone())

    def dissolve(self, part: Part) -> None:
        """Make its questions open ones again. It must have no batch."""
        with self._ledger.transaction() as file:
            file.execute("UPDATE questions SET part = NULL WHERE part = ?", (part.id,))
            file.execute("DELETE FROM parts WHERE id = ?", (part.id,))

    def take(self, part: Part, answers: Iterable[Answer]) -> None:
        """Commit answers to what the part asks; of several to one, the first, or the first good."""
        rows = [
            (a.status, zlib.compress(a.body, 1), *good, a.key, part.id, ANSWERED, *good)
            for a in answers
            for good in [(a.status, ANSWERED)]
        ]
        with self._ledger.transaction() as file:
            file.executemany(TAKE, rows)

    def end(self, part: Part, counted: bool) -> None:
        """Nothing more comes of it: what it did not answer is asked again, unless too often.

        ``counted``: the batch did have its chance.
        """
        nothing = zlib.compress(b"")
        with self._ledger.transaction() as file:
            if counted:
                file.execute(GIVE_UP, (UNANSWERED, nothing, part.id, 1, ROUNDS))
            file.execute(REOPEN, (int(counted), part.id))
            file.execute(REACHED, (State.ENDED, part.file, part.batch, part.id))


def _part(row: tuple[int, str, str, str | None, str | None, float, int]) -> Part:
    number, token, state, file, batch, made_at, size = row
    return Part(number, token, State(state), file, batch, made_at, size)


def _fitting(rows: sqlite3.Cursor, bounds: Bounds) -> tuple[int | None, bool]:
    """The last of the open questions that still fits, and whether a file is full with it."""
    last, count, size, cost = None, 0, 0, 0.0
    for number, its_size, its_cost in rows:
        count, size, cost = count + 1, size + its_size, cost + its_cost
        if cost > bounds.cost:
            return last, False
        if last is not None and (count > bounds.questions or size > bounds.size):
            return last, True
        last = number
    return last, False

"""The ledger of a backfill: one SQLite file that survives a kill, a power cut and a full disk.

Every paid answer is committed (WAL, synchronous=FULL) before it counts as done. What is in
``results`` is never asked again; ``dead`` says why a text has no result; ``inputs`` is written anew
by each run and only ties positions to keys.
"""

import sqlite3
import zlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from extractor.errors import ConfigError

LAYOUT = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS results (key BLOB NOT NULL UNIQUE, article TEXT, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS dead (
    key BLOB NOT NULL UNIQUE, reason TEXT NOT NULL, message TEXT NOT NULL, body BLOB
);
CREATE TABLE IF NOT EXISTS inputs (
    position INTEGER PRIMARY KEY, key BLOB, name TEXT NOT NULL, about TEXT, size INTEGER NOT NULL,
    problem TEXT
);
"""
LOCKED = (
    "The ledger {} is in use by another run: wait until that has ended, or give this one another "
    "output."
)
BROKEN = "The ledger {} cannot be read ({}): move it away and run again; what it held is paid anew."
UNWRITABLE = (
    "The ledger {} cannot be written ({}): free some space, or check the folder's permissions. "
    "What is in it is safe: run the same command again."
)


class Row(NamedTuple):
    """One input as the ledger lists it. Either ``key`` or ``problem`` is there.

    ``about`` is JSON of what is the input's own and not the text's: id and url. ``size`` is the
    text's length in characters.
    """

    position: int
    key: bytes | None
    name: str
    about: str | None = None
    size: int = 0
    problem: str | None = None


@dataclass(frozen=True)
class Done:
    """A paid answer: JSON of its ``article`` record, and of the rest of its ``Extraction``."""

    key: bytes
    article: str
    body: bytes


@dataclass(frozen=True)
class Dead:
    """Why there is no result; ``body`` keeps what a partial extraction did find."""

    key: bytes
    reason: str
    message: str
    body: bytes | None = None


@dataclass(frozen=True)
class Accounts:
    """Inputs so far, by what became of them. They always balance."""

    results: int
    dead: int
    skipped: int

    @property
    def inputs(self) -> int:
        """All inputs that were read."""
        return self.results + self.dead + self.skipped


ADVICE = (
    ({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}, LOCKED),
    ({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}, BROKEN),
)


class Ledger:
    """The open ledger; no other run can open it meanwhile.

    Raises:
        ConfigError: it is in use, is no ledger, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _told(self.path):
            self._file = sqlite3.connect(
                path, timeout=0, isolation_level=None, check_same_thread=False
            )
        try:
            with _told(self.path):
                self._prepare()
        except ConfigError:
            self._file.close()
            raise

    def _prepare(self) -> None:
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL"):
            self._file.execute(f"PRAGMA {pragma}").fetchall()
        found = self._file.execute("PRAGMA user_version").fetchone()[0]
        if found not in {0, LAYOUT}:
            raise ConfigError(
                f"The ledger {self.path.name} is of another version: move it away, or use the "
                "version that made it."
            )
        self._file.execute("BEGIN EXCLUSIVE")
        for statement in SCHEMA.split(";"):
            self._file.execute(statement)
        self._file.execute(f"PRAGMA user_version={LAYOUT}")
        self._file.execute("COMMIT")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def start_list(self) -> None:
        """Forget the inputs of the run before."""
        with _told(self.path):
            self._file.execute("DELETE FROM inputs")

    def enlist(self, rows: Iterable[Row]) -> None:
        """Put inputs on the list, without waiting for the disk: each run makes it anew."""
        with _told(self.path):
            self._file.execute("PRAGMA synchronous=NORMAL")
            try:
                with self._transaction() as file:
                    file.executemany("INSERT OR REPLACE INTO inputs VALUES (?,?,?,?,?,?)", rows)
            finally:
                self._file.execute("PRAGMA synchronous=FULL")

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Within, tables that others keep in this file; committed at the end, or rolled back."""
        with _told(self.path), self._transaction() as file:
            yield file

    def _transaction(self) -> sqlite3.Connection:
        self._file.execute("BEGIN IMMEDIATE")
        return self._file  # commits at the end of the block, or rolls back

    def new(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of ``keys`` that have neither a result nor a dead letter."""
        left = set(keys) - self._among(keys, "results")
        return left - self._among([*left], "dead") if left else left

    def dead_among(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of ``keys`` that have a dead letter."""
        return self._among(keys, "dead")

    def _among(self, keys: Sequence[bytes], table: str) -> set[bytes]:
        asked = f"SELECT key FROM {table} WHERE key IN ({_marks(keys)})"  # noqa: S608  names are ours
        with _told(self.path):
            return {key for (key,) in self._file.execute(asked, list(keys))}

    def keep(self, outcomes: Sequence[Done | Dead]) -> None:
        """Commit what became of some texts, all or none; on return it is on the disk."""
        done = [
            (o.key, o.article, zlib.compress(o.body, 1)) for o in outcomes if isinstance(o, Done)
        ]
        dead = [
            (o.key, o.reason, o.message, zlib.compress(o.body, 1) if o.body else None)
            for o in outcomes
            if isinstance(o, Dead)
        ]
        with _told(self.path), self._transaction():
            self._file.executemany("INSERT OR IGNORE INTO results VALUES (?,?,?)", done)
            self._file.executemany("DELETE FROM dead WHERE key=?", [(key,) for key, *_ in done])
            self._file.executemany("INSERT OR REPLACE INTO dead VALUES (?,?,?,?)", dead)

    def accounts(self) -> Accounts:
        """How many inputs of the list have a result, a dead letter, neither."""
        with _told(self.path):
            listed, results, dead = self._file.execute(
                "SELECT count(*), count(r.key), count(coalesce(i.problem, d.key)) FROM inputs i "
                "LEFT JOIN results r ON r.key = i.key LEFT JOIN dead d ON d.key = i.key"
            ).fetchone()
        return Accounts(results, dead, listed - results - dead)

    def results(self) -> Iterator[tuple[str, str, bytes]]:
        """In input order: what is the input's own, the article record, the rest of the result."""
        with _told(self.path):
            for about, article, body in self._file.execute(
                "SELECT i.about, r.article, r.body FROM inputs i JOIN results r ON r.key = i.key "
                "ORDER BY i.position"
            ):
                yield about, article, zlib.decompress(body)

    def dead(self) -> Iterator[tuple[int, str, str, str, str | None, bytes | None]]:
        """In input order: position, name, reason, message, the input's own, what was found."""
        with _told(self.path):
            for *letter, body in self._file.execute(
                "SELECT i.position, i.name, coalesce(d.reason, 'unreadable'), "
                "coalesce(d.message, i.problem), i.about, d.body FROM inputs i "
                "LEFT JOIN dead d ON d.key = i.key "
                "WHERE i.problem IS NOT NULL OR d.key IS NOT NULL ORDER BY i.position"
            ):
                yield *letter, zlib.decompress(body) if body else None

    def reasons(self) -> dict[str, int]:
        """How many dead letters there are for each reason, in the order of the first of each."""
        with _told(self.path):
            return dict(
                self._file.execute(
                    "SELECT coalesce(d.reason, 'unreadable') AS why, count(*) FROM inputs i "
                    "LEFT JOIN dead d ON d.key = i.key "
                    "WHERE i.problem IS NOT NULL OR d.key IS NOT NULL "
                    "GROUP BY why ORDER BY min(i.position)"
                )
            )

    def bodies(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """What is kept of the results of those of ``keys`` that have one."""
        asked = f"SELECT key, body FROM results WHERE key IN ({_marks(keys)})"  # noqa: S608
        with _told(self.path):
            found = self._file.execute(asked, list(keys)).fetchall()
        return {key: zlib.decompress(body) for key, body in found}

    def to_pay(self) -> tuple[int, int]:
        """Different texts without result or dead letter: how many, and their characters."""
        with _told(self.path):
            return self._file.execute(
                "SELECT count(*), coalesce(sum(size), 0) FROM "
                "(SELECT max(size) AS size FROM inputs WHERE key IS NOT NULL "
                "AND key NOT IN (SELECT key FROM results) "
                "AND key NOT IN (SELECT key FROM dead) GROUP BY key)"
            ).fetchone()


def _marks(keys: Sequence[bytes]) -> str:
    return ",".join("?" * len(keys))


@contextmanager
def _told(path: Path) -> Generator[None]:
    """Within, what SQLite raises becomes an error that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code
        text = next((text for codes, text in ADVICE if code in codes), UNWRITABLE)
        raise ConfigError(text.format(path.name, error)) from None

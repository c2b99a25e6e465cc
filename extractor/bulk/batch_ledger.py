"""What the ledger knows of articles that wait for batches: their questions, and the answers so far.

What belongs to an article goes in the same commit in which it gets its result or its dead letter.
"""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from extractor.bulk.ledger import Ledger

UNANSWERED = 0  # the status of a question that no batch answered
ANSWERED = 200
TABLES = """
CREATE TABLE IF NOT EXISTS waiting (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, article BLOB NOT NULL, listed INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS questions (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, article BLOB NOT NULL, body BLOB,
    size INTEGER NOT NULL, cost REAL NOT NULL, rounds INTEGER NOT NULL DEFAULT 0, part INTEGER,
    status INTEGER, answer BLOB
);
CREATE TABLE IF NOT EXISTS parts (
    id INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, state TEXT NOT NULL, file TEXT, batch TEXT,
    made_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS questions_of_article ON questions (article);
CREATE INDEX IF NOT EXISTS questions_of_part ON questions (part);
CREATE INDEX IF NOT EXISTS questions_open ON questions (id) WHERE part IS NULL AND status IS NULL;
"""
SETTLED = """
CREATE TRIGGER IF NOT EXISTS settled_by_{0} AFTER INSERT ON {0} BEGIN
    DELETE FROM waiting WHERE key = NEW.key;
    DELETE FROM questions WHERE article = NEW.key;
END
"""
LISTED = "EXISTS (SELECT 1 FROM waiting w WHERE w.key = questions.article AND w.listed)"
OPEN = f"part IS NULL AND status IS NULL AND {LISTED}"
LOOK = "SELECT listed FROM waiting WHERE key = ?"
MARK = "UPDATE waiting SET listed = 1 WHERE key = ?"
ENTER = "INSERT OR IGNORE INTO waiting (key, article, listed) VALUES (?,?,1)"
ASK = "INSERT OR IGNORE INTO questions (key, article, body, size, cost) VALUES (?,?,?,?,?)"
READY = (
    "SELECT id, key, article FROM waiting w WHERE listed AND id > ? AND NOT EXISTS "
    "(SELECT 1 FROM questions WHERE article = w.key AND status IS NULL) ORDER BY id LIMIT ?"
)
GIVEN = "SELECT key, status, answer FROM questions WHERE article = ? AND status IS NOT NULL"
FORGET = f"DELETE FROM questions WHERE status IS NOT NULL AND status <> {ANSWERED}"  # noqa: S608
PROMISED = f"SELECT coalesce(sum(cost), 0.0) FROM questions WHERE part IS NOT NULL AND {LISTED}"  # noqa: S608


@dataclass(frozen=True)
class Noted:
    """A question to be asked. ``size`` is its line's, in bytes, ``cost`` about its own, in US $."""

    key: bytes
    body: bytes
    size: int
    cost: float


@dataclass(frozen=True)
class Answer:
    """What became of a question: an HTTP status with its JSON, or ``UNANSWERED`` without."""

    key: bytes
    status: int
    body: bytes


@dataclass(frozen=True)
class Waiting:
    """An article that waits; ``id`` counts up in the order in which they were noted."""

    id: int
    key: bytes
    article: bytes  # JSON


class Questions:
    """The articles that wait and their questions. Missing tables are made.

    Only what this run lists is of this run: what another model or source left waits for its own.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        with ledger.transaction() as file:
            for statement in TABLES.split(";"):
                file.execute(statement)
            for table in ("results", "dead"):
                file.execute(SETTLED.format(table))
            file.execute("UPDATE waiting SET listed = 0")

    def listed(self, keys: Iterable[bytes]) -> dict[bytes, bool]:
        """Those of ``keys`` that wait already, and whether this run listed them before."""
        with self._ledger.transaction() as file:
            rows = ((key, file.execute(LOOK, (key,)).fetchone()) for key in keys)
            found = {key: bool(row[0]) for key, row in rows if row}
            file.executemany(MARK, [(key,) for key in found])
        return found

    def note(self, articles: Iterable[tuple[bytes, bytes, Sequence[Noted]]]) -> None:
        """Commit articles (key, JSON) with what is still to be asked about them."""
        with self._ledger.transaction() as file:
            for key, article, questions in articles:
                file.execute(ENTER, (key, zlib.compress(article, 1)))
                rows = [(q.key, key, zlib.compress(q.body, 1), q.size, q.cost) for q in questions]
                file.executemany(ASK, rows)

    def any_waiting(self) -> bool:
        """Whether an article of this run has neither result nor dead letter."""
        return self._found("SELECT 1 FROM waiting WHERE listed LIMIT 1")

    def any_open(self) -> bool:
        """Whether a question of this run is still to be sent."""
        return self._found(f"SELECT 1 FROM questions WHERE {OPEN} LIMIT 1")  # noqa: S608

    def any_unanswered(self) -> bool:
        """Whether an answer to a question of this run is still to come."""
        return self._found(f"SELECT 1 FROM questions WHERE status IS NULL AND {LISTED} LIMIT 1")  # noqa: S608

    def any_answered(self) -> bool:
        """Whether a question has a completion, whatever is in it."""
        return self._found(f"SELECT 1 FROM questions WHERE status = {ANSWERED} LIMIT 1")  # noqa: S608

    def _found(self, query: str) -> bool:
        with self._ledger.transaction() as file:
            return file.execute(query).fetchone() is not None

    def ready(self, after: int, most: int) -> list[Waiting]:
        """The next articles of this run all of whose questions have their answers."""
        with self._ledger.transaction() as file:
            found = file.execute(READY, (after, most)).fetchall()
        return [Waiting(number, key, zlib.decompress(article)) for number, key, article in found]

    def answers(self, article: bytes) -> dict[bytes, Answer]:
        """What is answered about the article with this key, by the questions' own keys."""
        with self._ledger.transaction() as file:
            found = file.execute(GIVEN, (article,)).fetchall()
        return {key: Answer(key, status, zlib.decompress(body)) for key, status, body in found}

    def forget_failures(self) -> None:
        """Drop every answer that is none: its article is asked about anew."""
        with self._ledger.transaction() as file:
            file.execute(FORGET)

    def promised(self) -> float:
        """About what the questions of this run cost (US dollars) that are sent but in no bill."""
        with self._ledger.transaction() as file:
            return file.execute(PROMISED).fetchone()[0]

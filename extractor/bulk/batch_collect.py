"""What a batch that has ended brings: answers, questions to ask again, or a reason to stop."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from extractor.batch_wire import FULL, Batch, Provider, fault_of_error
from extractor.bulk.batch_ledger import ANSWERED, Answer
from extractor.bulk.batch_parts import Part, Parts
from extractor.bulk.batch_results import answers_in, refusal_of_account
from extractor.bulk.batch_send import temporary
from extractor.bulk.patience import Terms, insist
from extractor.bulk.stop import Stop
from extractor.errors import ConfigError, ExtractorError
from extractor.faults import QUOTA

COMMIT_ROWS = 200
HAD_THEIR_TURN = frozenset({"completed", "expired"})
PASSING = frozenset(
    {"internal_error", "internal_server_error", "server_error", "rate_limit_exceeded"}
)
CANCELLED = "a batch was cancelled at the provider"
REFUSED = (
    "The provider does not take a file of questions ({}): nothing of it was paid for. Mend the "
    "cause, or use --via calls."
)


@dataclass
class Collector:
    """Takes what ended batches bring into the ledger.

    ``answered``: one has brought a completion. ``most``: as many questions may go in a file now.
    ``blocked``: why nothing more is to be sent, with the error if the caller must mend something.
    """

    provider: Provider
    parts: Parts
    folder: Path
    terms: Terms
    stop: Stop
    most: int
    answered: bool = False
    blocked: tuple[str, ExtractorError | None] | None = None

    async def collect(self, part: Part, batch: Batch) -> bool:
        """Read all that ``batch`` brings, then end its part.

        False if the provider would not have it now: it may as well wait a while.
        """
        refused: list[ExtractorError] = []
        for file_id in batch.files:
            await self._read(part, file_id, refused)
        is_taken = batch.status != "failed" or self._judge(part, batch)
        if batch.status == "cancelled":
            self._block(CANCELLED, None)
        if refused:
            self._block(str(refused[0]), ConfigError(str(refused[0])))
        is_over = batch.status in HAD_THEIR_TURN
        self.most = min(self.terms.questions, self.most * 2) if is_over else self.most
        self.parts.end(part, counted=is_over and not refused)
        return is_taken

    async def _read(self, part: Part, file_id: str, refused: list[ExtractorError]) -> None:
        with temporary(self.folder) as file:
            await insist(lambda: self.provider.download(file_id, file), self.terms, self.stop)
            file.seek(0)
            found = answers_in(file)
            while answers := list(islice(found, COMMIT_ROWS)):
                self.parts.take(part, self._sifted(answers, refused))
                await asyncio.sleep(0)  # a signal may be waiting

    def _sifted(self, answers: list[Answer], refused: list[ExtractorError]) -> Iterator[Answer]:
        """Without those that would be the same for everybody: they are no answers."""
        for answer in answers:
            is_good = answer.status == ANSWERED
            self.answered = self.answered or is_good
            if is_good or not (error := refusal_of_account(answer)):
                yield answer
            else:
                refused.append(error)

    def _judge(self, part: Part, batch: Batch) -> bool:
        """Of a file that was not taken no question was asked. False: take it back later."""
        codes = {code for code, _ in batch.problems}
        if codes & QUOTA:
            error = fault_of_error(429, {"code": next(iter(codes & QUOTA))}).error
            self._block(str(error), ConfigError(str(error)))
        elif codes & FULL:
            self.queue_is_full(part)
            return False
        elif codes & PASSING:
            return False
        elif not self._take_problems(part, batch):
            told = ", ".join(sorted(re.sub(r"[^\w.-]", "?", code)[:40] for code in codes)[:3])
            self._block("a file of questions was refused", ConfigError(REFUSED.format(told)))
        return True

    def queue_is_full(self, part: Part) -> None:
        """The provider has as much waiting as it takes: later, and with less in a file."""
        self.most = max(1, part.size // 2)

    def _take_problems(self, part: Part, batch: Batch) -> bool:
        """A bad line is that question's answer; the others go again without it."""
        found = [
            Answer(key, 400, _error(code))
            for code, line in batch.problems
            if line and (key := self.parts.key_at(part, line))
        ]
        self.parts.take(part, found)
        return bool(found)

    def _block(self, why: str, error: ExtractorError | None) -> None:
        self.blocked = self.blocked or (why, error)


def _error(code: str) -> bytes:
    return json.dumps({"error": {"code": code}}).encode()

"""Where articles wait while their questions are away, and are settled when the answers are in."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from extractor.bulk.batch_ledger import Answer, Noted, Questions
from extractor.bulk.batch_walk import Walker
from extractor.bulk.ledger import Dead, Ledger
from extractor.bulk.outcome import Settled
from extractor.bulk.pool import LEAST_STREAK, SILENT
from extractor.bulk.stop import Stop
from extractor.bulk.tally import Tally
from extractor.errors import ConfigError
from schemas import Article, Status, Usage

PAGE = 100


@dataclass
class Desk:
    """Walks articles and commits what comes of it.

    ``answered``: a question has had a completion, so that what fails is an article's own affair.
    ``count`` and ``size`` (bytes): the questions that were noted since a file was last filled.
    """

    ledger: Ledger
    questions: Questions
    walker: Walker
    tally: Tally
    stop: Stop
    answered: bool = False
    count: int = 0
    size: int = 0
    noted: list[tuple[bytes, bytes, list[Noted]]] = field(
        default_factory=list[tuple[bytes, bytes, list[Noted]]]
    )
    finished: list[Settled] = field(default_factory=list[Settled])
    refusal: ConfigError | None = None
    silent: list[tuple[Dead, Usage]] = field(default_factory=list[tuple[Dead, Usage]])

    async def open(self, articles: Mapping[bytes, Article]) -> None:
        """Note the questions about new articles; those that raise none are settled at once."""
        for key, article in articles.items():
            await self._walk(key, article, {})
        self._commit()

    async def settle(self) -> None:
        """Walk all articles whose answers are in: some are done, some have more to ask."""
        after = 0
        while not self.stop and (page := self.questions.ready(after, PAGE)):
            for waiting in page:
                article = Article.model_validate_json(waiting.article)
                await self._walk(waiting.key, article, self.questions.answers(waiting.key))
            self._commit()
            after = page[-1].id
        self._judge_silence()

    async def _walk(self, key: bytes, article: Article, answers: Mapping[bytes, Answer]) -> None:
        try:
            found = await self.walker.walk(key, article, answers)
        except ConfigError as error:
            self.refusal = error
            found = Dead(key, Status.UNAVAILABLE.value, str(error)), Usage()
        if isinstance(found, list):
            self.noted.append((key, article.model_dump_json().encode(), found))
            return
        became, usage = found
        is_dead = isinstance(became, Dead)
        if is_dead and became.reason == Status.UNAVAILABLE.value and not self.answered:
            self.silent.append((became, usage))
        else:
            self.finished.append(found)

    def _judge_silence(self) -> None:
        """A text without answer is no dead letter where nobody gets one; others may, later."""
        is_streak = len(self.silent) >= LEAST_STREAK
        if self.silent and (is_streak or not self.questions.any_unanswered()):
            why = SILENT.format(len(self.silent), self.silent[-1][0].message)
            self.stop.now("nothing was answered", self.refusal or ConfigError(why))
        if self.stop.error:
            self.questions.forget_failures()
        self.silent.clear()

    def _commit(self) -> None:
        """On return it is on the disk."""
        self.questions.note(self.noted)
        sizes = [question.size for _, _, questions in self.noted for question in questions]
        self.count, self.size = self.count + len(sizes), self.size + sum(sizes)
        self.ledger.keep([found for found, _ in self.finished])
        for found, usage in self.finished:
            self.tally.add(found, usage)
        self.noted.clear()
        self.finished.clear()

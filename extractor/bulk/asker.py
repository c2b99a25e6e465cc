"""One actor's work: blocks in, each made whole on shared storage; what became of it is told.

Nothing in here knows Ray. Blocks overlap, so that the end of one leaves no call unmade: together
they keep to the actor's part of the concurrency, of the rates and of the highest cost.
"""

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

from extractor.api import Extractor, prompt_of
from extractor.bulk.blocks import Block, inputs_of
from extractor.bulk.estimate import typical_cost
from extractor.bulk.identity import KeyOf, identity
from extractor.bulk.inputs import Input
from extractor.bulk.journal import Journal
from extractor.bulk.ledger import Accounts, Ledger, Row
from extractor.bulk.listing import row_of
from extractor.bulk.outcome import outcome
from extractor.bulk.places import Place, found, place_of, put, reopen
from extractor.bulk.pool import LEAST_STREAK, Bounds, Pool
from extractor.bulk.stop import Stop
from extractor.bulk.tally import Tally
from extractor.errors import ConfigError, ExtractorError
from extractor.pacing import Pacer
from extractor.prices import price_of
from extractor.settings import Settings
from schemas import Article

KEY = "OPENAI_API_KEY"
NO_KEY = (
    f"A machine of the cluster has no {KEY}: set it there for `ray start`, on each machine. It is "
    "not handed over, because Ray writes what it hands over to its logs."
)
DIFFERENT = (
    "A machine of the cluster has another version of this package or of its prompts than the one "
    "that started the run: install the same on each."
)
GONE = "{} cannot be read on a machine of the cluster ({}): mount it at the same path on each."


@dataclass(frozen=True)
class Work:
    """What each of ``actors`` is given: its own part of everything, and no key.

    ``concurrency`` is in articles, ``rpm`` and ``tpm`` in requests and tokens a minute,
    ``max_cost`` in US dollars. ``recipe`` is what ``recipe_of`` gave where the run was started, and
    ``has_key`` says whether there was one.
    """

    settings: Settings
    has_key: bool
    recipe: str
    folder: str
    block: int
    actors: int
    concurrency: int
    rpm: float | None = None
    tpm: float | None = None
    max_cost: float | None = None
    retry_dead: bool = False

    @property
    def at_once(self) -> int:
        """Articles of one block under way: a part of it, so that silence is noticed within it."""
        return min(self.concurrency, max(LEAST_STREAK, self.block // 4))

    @property
    def blocks(self) -> int:
        """Blocks under way: enough for the concurrency, and one more that is about to begin."""
        return -(-self.concurrency // self.at_once) + 1


@dataclass(frozen=True)
class Told:
    """What became of one block, and what the actor has used since it last told of one."""

    stem: str
    results: int
    dead: int
    skipped: int
    reasons: dict[str, int]
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    unpriced: int = 0
    asked: int = 0
    stopped: str | None = None
    problem: str | None = None


def recipe_of(settings: Settings) -> str:
    """A digest of all that a result depends on besides its article.

    Raises:
        ConfigError: there is no such prompt.
    """
    return identity(settings, prompt_of(settings))(Article(text=" ")).hex()


@dataclass
class Asker:
    """An actor's state. It lives on one event loop.

    Where it cannot work at all, the first block tells why.
    """

    work: Work
    extractor: Extractor = field(init=False)
    key_of: KeyOf = field(init=False)
    tally: Tally = field(default_factory=Tally)
    told: Tally = field(default_factory=Tally)
    stop: Stop = field(default_factory=Stop)
    answered: bool = False

    def __post_init__(self) -> None:
        """Take the key from the machine's own environment: Ray's would end up in its logs."""
        settings = replace(
            self.work.settings, api_key=os.environ.get(KEY), concurrency=self.work.concurrency
        )
        try:
            self._start(settings)
        except ConfigError as error:
            self.stop.now("nothing can be extracted", error)

    def _start(self, settings: Settings) -> None:
        if self.work.has_key and not settings.api_key:
            raise ConfigError(NO_KEY)
        if recipe_of(settings) != self.work.recipe:
            raise ConfigError(DIFFERENT)
        self.tally.guess = typical_cost(price_of(settings))
        self.key_of = identity(settings, prompt_of(settings))
        self.extractor = Extractor(settings, pacer=Pacer(self.work.rpm, self.work.tpm))

    async def fill(self, block: Block) -> Told:
        """Make ``block`` whole, or stop; what must be mended is told, not raised."""
        try:
            if not self.stop:
                return await self._filled(block)
        except ExtractorError as error:
            self.stop.now("nothing can be extracted", error)
        except OSError as error:
            message = GONE.format(block.name, error.strerror)
            self.stop.now("a file cannot be read", ConfigError(message))
        return self._telling("", Accounts(0, 0, block.count), {})

    async def _filled(self, block: Block) -> Told:
        inputs = await asyncio.to_thread(lambda: list(inputs_of(block)))
        rows = [row_of(each, self.key_of) for each in inputs]
        place = place_of(Path(self.work.folder), block, rows)
        if place.is_whole:
            if not (self.work.retry_dead and place.dead.exists()):
                return self._telling(place.stem, *found(place))
            await asyncio.to_thread(reopen, place, rows)
        return await self._asked(place, inputs, rows)

    async def _asked(self, place: Place, inputs: Sequence[Input], rows: Sequence[Row]) -> Told:
        with Journal(place.journal) as journal:
            pool = self._pool(journal)
            await pool.run(iter(inputs))
            self.answered |= pool.answered
            accounts = journal.accounts()
            if not accounts.skipped and accounts.inputs == len(rows):
                await asyncio.to_thread(put, place, journal)
                return self._telling(place.stem, *found(place))
            reasons = journal.reasons()
        skipped = len(rows) - accounts.results - accounts.dead
        return self._telling("", replace(accounts, skipped=skipped), reasons)

    def _pool(self, journal: Journal) -> Pool:
        return Pool(
            journal,
            self.key_of,
            partial(outcome, extract=self.extractor.aextract),
            Ledger.dead_among if self.work.retry_dead else Ledger.new,
            Bounds(self.work.at_once, self.work.max_cost),
            self.tally,
            self.stop,
            answered=self.answered,
        )

    def _telling(self, stem: str, accounts: Accounts, reasons: dict[str, int]) -> Told:
        now, before = replace(self.tally), self.told
        self.told = now
        return Told(
            stem,
            accounts.results,
            accounts.dead,
            accounts.skipped,
            dict(reasons),
            calls=now.calls - before.calls,
            input_tokens=now.input_tokens - before.input_tokens,
            output_tokens=now.output_tokens - before.output_tokens,
            cost=now.cost - before.cost,
            unpriced=now.unpriced - before.unpriced,
            asked=now.asked - before.asked,
            stopped=self.stop.why,
            problem=str(self.stop.error) if self.stop.error else None,
        )


async def told_as_json(asker: Asker, blocks: Sequence[str]) -> list[str]:
    """Fill blocks that are given as JSON, and tell as JSON what became of them."""
    told = [await asker.fill(Block(**json.loads(block))) for block in blocks]
    return [json.dumps(asdict(each)) for each in told]

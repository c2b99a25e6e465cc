"""A backfill by the provider's batches: half the price, a day's wait at most, nothing sent twice.

All that is under way is in the ledger: a run may end at any point, and the next one goes on there.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from extractor.api import prompt_of
from extractor.batch_wire import Batch, Lost, Provider, QueueFull
from extractor.bulk.batch_collect import Collector
from extractor.bulk.batch_desk import Desk
from extractor.bulk.batch_ledger import Questions
from extractor.bulk.batch_parts import Bounds, Part, Parts, State
from extractor.bulk.batch_send import Sender
from extractor.bulk.batch_walk import Walker
from extractor.bulk.feed import fed
from extractor.bulk.identity import KeyOf
from extractor.bulk.inputs import Input, read_inputs
from extractor.bulk.ledger import Ledger
from extractor.bulk.listing import row_of
from extractor.bulk.patience import Halted, Terms, insist, pause
from extractor.bulk.plan import Backfill
from extractor.bulk.stop import Stop
from extractor.bulk.tally import Tally
from extractor.errors import ConfigError
from extractor.faults import FaultError
from extractor.settings import Settings

USUAL = Terms()
GROWTH = 1.5
KEPT_SECONDS = 30 * 86_400.0  # then the provider has deleted what a batch brought
NO_ENDPOINT = "An embedded model has no batches: use --via calls, or name a hosted model."
TOO_DEAR = "the next batch would take the cost beyond {:g} US dollars"
NO_ROOM = "No file of questions can be written beside the output ({}): free some space."


async def fill_by_batches(
    plan: Backfill,
    ledger: Ledger,
    key_of: KeyOf,
    settings: Settings,
    tally: Tally,
    stop: Stop,
    terms: Terms = USUAL,
) -> None:
    """Have everything in ``plan`` that is new answered by batches; on return it is committed.

    Where it is stopped, batches go on at the provider, and the next run of the plan collects them.
    Where no text can succeed, or the provider takes no batch, ``stop`` holds the error.

    Raises:
        ConfigError: the model has no batches, or the source or the ledger fails.
    """
    if settings.base_url is None:
        raise ConfigError(NO_ENDPOINT)
    provider = Provider(settings.base_url, settings.api_key)
    questions, parts, folder = Questions(ledger), Parts(ledger), plan.ledger.parent
    walker = Walker(settings, prompt_of(settings))
    is_answered = questions.any_answered()
    filling = Filling(
        plan,
        key_of,
        Desk(ledger, questions, walker, tally, stop),
        Sender(provider, parts, folder, terms, stop),
        Collector(provider, parts, folder, terms, stop, terms.questions, is_answered),
    )
    try:
        await filling.run(read_inputs(plan.source))
    except Halted:
        pass
    except FaultError as failed:
        stop.now("the provider takes no batch", ConfigError(str(failed.fault.error)))
    except OSError as error:
        raise ConfigError(NO_ROOM.format(error.strerror)) from None
    finally:
        await provider.close()
        _tell(stop, len(parts.of(State.CREATING, State.SUBMITTED)))


def _tell(stop: Stop, under_way: int) -> None:
    if stop and under_way:
        them = "1 batch goes on" if under_way == 1 else f"{under_way:,} batches go on"
        stop.why = f"{stop.why}; {them} at the provider, to be collected by the next run"


@dataclass
class Filling:
    """One run at work.

    ``left``: parts that an earlier run did not get to send. ``unseen``: parts whose files the
    provider has not looked through yet. ``is_dear``: what is to be sent costs more than is left.
    ``is_held``: the provider would not have the last file now.
    """

    plan: Backfill
    key_of: KeyOf
    desk: Desk
    sender: Sender
    collector: Collector
    left: list[Part] = field(default_factory=list[Part])
    unseen: set[int] = field(default_factory=set[int])
    is_dear: bool = False
    is_held: bool = False

    async def run(self, inputs: Iterator[Input]) -> None:
        """List all ``inputs``, then send, look and settle until nothing waits any more.

        Raises:
            Halted: it was told to stop.
            FaultError: the provider cannot be reached, or does not take what is sent.
        """
        stop, parts, terms = self.desk.stop, self.sender.parts, self.sender.terms
        for part in parts.of(State.CREATING):
            await self.sender.find(part)
        await self._list(inputs)
        await self._settle()
        self.left = [p for p in parts.of(State.INTENDED, State.UPLOADED) if self._goes_on(p)]
        wait = terms.first_look
        while not stop and self.desk.questions.any_waiting():
            sent, came = await self._send(full=False), await self._look()
            if came:
                await self._settle()
            elif self.is_dear and not parts.of(State.SUBMITTED):
                stop.now(TOO_DEAR.format(self.plan.max_cost))
            has_moved = (sent or came) and not self.is_held
            wait = terms.first_look if has_moved else min(terms.longest_look, wait * GROWTH)
            await pause(0.0 if came else wait, stop)

    async def _list(self, inputs: Iterator[Input]) -> None:
        """Enter all inputs, note what is to be asked, and send meanwhile what fills a file."""
        desk, stop = self.desk, self.desk.stop
        wanted_of = Ledger.dead_among if self.plan.retry_dead else Ledger.new
        rows = ((given.article, row_of(given, self.key_of)) for given in inputs)
        async for chunk in fed(rows, stop):
            desk.ledger.enlist(row for _, row in chunk)
            fresh = {row.key: article for article, row in chunk if row.key and article}
            wanted = wanted_of(desk.ledger, list(fresh))
            waiting = desk.questions.listed(wanted)
            desk.tally.listed += len(chunk)
            desk.tally.known += len(chunk) - len(wanted) + sum(waiting.values())
            new = wanted - waiting.keys()
            await desk.open({key: article for key, article in fresh.items() if key in new})
            if self._fills() and not self.is_held:
                await self._send(full=True)
            if self.unseen:
                await self._look()

    def _fills(self) -> bool:
        """Whether a file can be full; to count what is open each time would take too long."""
        terms = self.sender.terms
        return self.desk.count >= terms.questions or self.desk.size >= terms.size

    async def _settle(self) -> None:
        self.desk.answered = self.collector.answered
        await self.desk.settle()
        if self.collector.blocked:
            self.desk.stop.now(*self.collector.blocked)

    def _goes_on(self, part: Part) -> bool:
        """Whether a part that an earlier run left is sent as it is; else it is cut anew."""
        if (
            self.sender.parts.is_of_this_run(part)
            and not self.sender.is_stale(part)
            and self._room() >= 0
        ):
            return True
        self.sender.parts.dissolve(part)
        return False

    def _room(self) -> float:
        """US dollars that are neither spent nor promised, as far as is known."""
        if self.plan.max_cost is None:
            return math.inf
        return self.plan.max_cost - self.desk.tally.cost - self.desk.questions.promised()

    async def _send(self, full: bool) -> bool:
        """Send a part, a ``full`` one or none, once the file before it was looked through.

        So no more than one is refused where the provider has as much waiting as it takes.
        """
        if self.desk.stop or self.collector.blocked or self.unseen:
            return False
        bounds = Bounds(self.collector.most, self.sender.terms.size, self._room())
        is_new = not self.left
        part = self.sender.parts.cut(bounds, full) if is_new else self.left.pop(0)
        self.is_dear = part is None and not full and self.desk.questions.any_open()
        if part is None:
            return False
        self.desk.count = self.desk.size = 0
        try:
            part = await self.sender.send(part, is_new)
        except QueueFull:
            self.collector.queue_is_full(part)
            self.sender.parts.dissolve(part)
            self.is_held = True
            return False
        self.unseen.add(part.id)
        return True

    async def _look(self) -> bool:
        """Look at all batches under way and collect those that have ended.

        Whether that led anywhere: it does not where the provider would not have the batch now.
        """
        has_moved, answered, left = False, 0, 0
        for part in self.sender.parts.of(State.SUBMITTED):
            try:
                batch = await self._batch(part)
                if batch.has_ended:
                    self.is_held = not await self.collector.collect(part, batch)
                    has_moved |= not self.is_held
                else:
                    answered, left = answered + batch.answered, left + 1
            except Lost:
                if time.time() - part.made_at < KEPT_SECONDS:
                    raise
                self.sender.parts.end(part, counted=True)
                has_moved = True
        self.desk.tally.note = (
            f"{left:,} at the provider, {answered:,} answered there" if left else ""
        )
        return has_moved

    async def _batch(self, part: Part) -> Batch:
        name = part.batch or ""
        sender = self.sender
        batch = await insist(lambda: sender.provider.batch(name), sender.terms, sender.stop)
        if batch.status != "validating":
            self.is_held = self.is_held and part.id not in self.unseen
            self.unseen.discard(part.id)
        return batch

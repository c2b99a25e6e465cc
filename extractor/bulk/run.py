"""A backfill from end to end: open the ledger, ask about what is new, write the results."""

import asyncio
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from extractor.api import Extractor, prompt_of
from extractor.bulk.batch_parts import at_provider
from extractor.bulk.batches import NO_ENDPOINT, fill_by_batches
from extractor.bulk.estimate import Estimate, estimate, typical_cost
from extractor.bulk.identity import identity
from extractor.bulk.inputs import count_inputs, read_inputs
from extractor.bulk.ledger import Ledger
from extractor.bulk.outcome import Settle, line, outcome
from extractor.bulk.outputs import Writer, write_letters, writer_for
from extractor.bulk.plan import BLOCK, MOST_AT_ONCE, RAY, Backfill, Report, check_bounds
from extractor.bulk.pool import Bounds, Pool
from extractor.bulk.rayed import fill_by_ray
from extractor.bulk.stop import Stop, signals
from extractor.bulk.tally import Tally
from extractor.bulk.watch import Paused, watched
from extractor.bulk.workers import crew
from extractor.errors import ConfigError
from extractor.pacing import Pacer
from extractor.prices import price_of
from extractor.reading import STDIN
from extractor.settings import Settings, settings_from_env

NO_DRY_RUN = (
    "With --via ray nothing is reckoned up beforehand: run --dry-run without it on one file of the "
    "source, and multiply."
)
UNDER_WAY = (
    "{} of this ledger's batches may be under way at the provider, and are paid for: collect them "
    "with --via batch first. Those cancelled there end at once."
)


def backfill(
    source: str | Path,
    output: str | Path,
    *,
    settings: Settings | None = None,
    concurrency: int = 16,
    rpm: float | None = None,
    tpm: float | None = None,
    max_cost: float | None = None,
    retry_dead: bool = False,
    workers: int = 1,
    via: str = "calls",
    block: int = BLOCK,
) -> Report:
    """Extract every article of ``source`` into ``output``; run it again to go on where it ended.

    Args:
        source: a folder of .txt, .html and .json files, a JSONL or Parquet file, or ``"-"``.
        output: JSONL or Parquet, by its ending; ledger and dead letters lie beside it.
        settings: the model and its bounds; by default what the environment says.
        concurrency: articles at once.
        rpm: requests a minute; without it the server's own limit is learned.
        tpm: tokens a minute, likewise.
        max_cost: US dollars; no call is made once they are spent.
        retry_dead: ask about dead letters, and nothing else.
        workers: processes that walk the articles; each gets its part of concurrency and rates.
        via: ``"calls"``, or ``"batch"``: the provider's batches, at half the price within a day, or
            ``"ray"``: actors on many machines; then ``output`` is a folder of Parquet parts.
        block: with ``"ray"``, articles in a part, at most 1,000.

    Raises:
        ConfigError: settings, source, output or ledger must be mended first. What was paid for is
            in the ledger.
    """
    plan = Backfill(
        str(source), Path(output), concurrency, rpm, tpm, max_cost, retry_dead, workers, via, block
    )
    report = run(plan, settings or settings_from_env(), Stop())
    if report.error:
        raise report.error
    return report


def run(plan: Backfill, settings: Settings, stop: Stop) -> Report:
    """As ``backfill``; ``stop`` can end it early. On the main thread, Ctrl-C does so too.

    Where the model takes no call or does not answer, the report holds the error.
    """
    if plan.via == RAY:
        return fill_by_ray(plan, settings, stop)
    write = _checked(plan, settings)
    tally = _tally(plan, settings)  # first, so that a wrong source leaves no ledger behind
    with Ledger(plan.ledger) as ledger:
        ledger.start_list()
        WAYS[plan.via](plan, settings, ledger, tally, stop)
        how = (stop.why, stop.interrupted, stop.error)
        report = Report(ledger.accounts(), ledger.reasons(), tally, *how)
        if report.is_written:
            write(plan.output, (line(*result) for result in ledger.results()))
            write_letters(plan.dead_letters, ledger)
        return report


def estimated(plan: Backfill, settings: Settings) -> Estimate:
    """What the backfill would take; the ledger is read if there is one, and none is made.

    Raises:
        ConfigError: settings, source or ledger must be mended first.
    """
    _checked(plan, settings)
    prompt = prompt_of(settings)
    key_of = identity(settings, prompt)
    with Ledger(plan.ledger if plan.ledger.exists() else Path(":memory:")) as ledger:
        return estimate(read_inputs(plan.source), ledger, key_of, settings, prompt)


def _checked(plan: Backfill, settings: Settings) -> Writer:
    """The writer of the output.

    Raises:
        ConfigError: a bound makes no sense, or the output has no known ending or is the input.
    """
    if not 1 <= plan.concurrency <= MOST_AT_ONCE:
        raise ConfigError(f"The concurrency must be between 1 and {MOST_AT_ONCE:,}.")
    if not 1 <= plan.workers <= plan.concurrency:
        raise ConfigError("There must be at least one worker, and no more than the concurrency.")
    if plan.workers > 1 and settings.is_embedded:
        raise ConfigError("The embedded model uses all cores by itself: give it one worker.")
    check_bounds(plan, settings)
    if plan.via == RAY:
        raise ConfigError(NO_DRY_RUN)
    if plan.via not in WAYS:
        raise ConfigError(
            f"There is no --via {plan.via!r:.20}: choose one of {', '.join([*WAYS, RAY])}."
        )
    if plan.via == "batch" and settings.base_url is None:
        raise ConfigError(NO_ENDPOINT)
    if plan.source != STDIN and Path(plan.source).resolve() == plan.output.resolve():
        raise ConfigError("The output names the input: name another file.")
    return writer_for(plan.output)


def _tally(plan: Backfill, settings: Settings) -> Tally:
    price = price_of(settings, by_batch=plan.via == "batch")
    return Tally(total=count_inputs(plan.source), guess=typical_cost(price))


@contextmanager
def _settling(plan: Backfill, settings: Settings) -> Generator[tuple[Settle, Paused]]:
    """Within, what settles an article, in this process or in others, and how long it pauses."""
    share = replace(settings, concurrency=plan.concurrency)
    if plan.workers > 1:
        with crew(share, plan.workers, (plan.rpm, plan.tpm)) as settle:
            yield settle, lambda: 0.0
        return
    pacer = Pacer(plan.rpm, plan.tpm)
    with Extractor(share, pacer=pacer) as extractor:
        yield partial(outcome, extract=extractor.aextract), lambda: pacer.paused


def _by_calls(plan: Backfill, settings: Settings, ledger: Ledger, tally: Tally, stop: Stop) -> None:
    if count := at_provider(ledger):
        raise ConfigError(UNDER_WAY.format(count))
    key_of = identity(settings, prompt_of(settings))
    wanted = Ledger.dead_among if plan.retry_dead else Ledger.new
    bounds = Bounds(plan.concurrency, plan.max_cost)
    with _settling(plan, settings) as (settle, paused), watched(tally, stop, paused):
        pool = Pool(ledger, key_of, settle, wanted, bounds, tally, stop)
        asyncio.run(_heeding(stop, pool.run(read_inputs(plan.source))))


def _by_batches(
    plan: Backfill, settings: Settings, ledger: Ledger, tally: Tally, stop: Stop
) -> None:
    key_of = identity(settings, prompt_of(settings))
    with watched(tally, stop, lambda: 0.0):
        filling = fill_by_batches(plan, ledger, key_of, settings, tally, stop)
        asyncio.run(_heeding(stop, filling))


WAYS = {"calls": _by_calls, "batch": _by_batches}


async def _heeding(stop: Stop, filling: Coroutine[Any, Any, None]) -> None:
    """Fill, and let Ctrl-C set ``stop``."""
    work = asyncio.create_task(filling)
    with signals(stop, work):
        try:
            await work
        except asyncio.CancelledError:
            if not stop.interrupted:
                raise

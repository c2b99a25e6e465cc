"""A backfill over many machines: Ray Data deals blocks out to actors, and tells how they fare.

Ray carries the names of blocks and what became of them, no article and no result: actors read the
source and write their parts themselves, on storage that all machines share. So the size of Ray's
own blocks, and what Ray keeps or loses in a crash, decide nothing that is paid for.
"""

import json
import logging
import os
import socket
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from typing import Any

from extractor.bulk.asker import Asker, Told, Work, recipe_of, told_as_json
from extractor.bulk.blocks import Block, blocks_of
from extractor.bulk.ledger import Accounts
from extractor.bulk.plan import MOST_AT_ONCE, Backfill, Report, check_bounds
from extractor.bulk.premises import premises
from extractor.bulk.stop import Stop
from extractor.bulk.tally import Tally
from extractor.bulk.watch import watched
from extractor.errors import ConfigError
from extractor.exits import complain
from extractor.settings import Settings
from extractor.table import counted

# Ray has no types that hold in strict mode: what comes from it is Any, here and nowhere else.
# ruff: noqa: ANN401

MOST_IN_BLOCK = 1_000
LOOK_SECONDS = 5.0
MISSING = "--via ray needs Ray: pip install 'fact-extractor[ray]' on every machine."
EMBEDDED = (
    "With --via ray each actor would load the embedded model anew (1.2 GB and all cores): serve "
    "one on a port and name it in --base-url, or name a hosted model."
)
BLOCK = (
    "A block must hold 1 to {:,} articles, not {:,}: where the shared storage keeps an open file's "
    "end back until it is closed, a machine that dies has a whole block paid for again. "
    "Set --block 1000 or less."
)
CROWDED = (
    "{:,} workers with {:,} articles at once are {:,} for each: give each 1 to {:,}, by --workers "
    "and --concurrency."
)
NO_CLUSTER = (
    "No Ray cluster can be joined or started ({}): check RAY_ADDRESS and what `ray status` says."
)
BROKEN = (
    "Ray ended the run ({}): see that this package is installed on each machine, and what `ray "
    "status` says. What was paid for is kept: run the same command again."
)
SPENT = "an actor has spent its part of {:g} US dollars"
STALE_PARTS = "{} of articles that have changed or are gone moved into the folder stale"
FEW = "the cluster has {:g} CPUs for {} workers: the others begin when machines join it"


@dataclass
class Sum:
    """What the blocks told so far add up to; ``total`` is how many inputs there are."""

    total: int
    tally: Tally
    results: int = 0
    dead: int = 0
    reasons: Counter[str] = field(default_factory=Counter[str])
    stems: set[str] = field(default_factory=set[str])

    def add(self, told: Told) -> None:
        """Count one more block."""
        self.results += told.results
        self.dead += told.dead
        self.reasons.update(told.reasons)
        self.stems |= {told.stem} - {""}
        tally = self.tally
        tally.results += told.asked
        tally.known = self.results + self.dead - tally.results
        tally.calls += told.calls
        tally.input_tokens += told.input_tokens
        tally.output_tokens += told.output_tokens
        tally.cost += told.cost
        tally.unpriced += told.unpriced

    @property
    def accounts(self) -> Accounts:
        """All inputs; what no block told of is skipped."""
        return Accounts(self.results, self.dead, self.total - self.results - self.dead)


def fill_by_ray(plan: Backfill, settings: Settings, stop: Stop) -> Report:
    """Have all of ``plan`` extracted by actors; what is whole in its output is not asked again.

    The output is a folder: ``results`` with Parquet parts, ``dead`` with dead letters as JSON
    lines, ``open`` with what is paid for and in no part yet. Ctrl-C ends the actors at once.

    Raises:
        ConfigError: settings, source, output, cluster or installation must be mended first.
    """
    _check(plan, settings)
    ray = _ray()
    work = work_of(plan, settings)
    with premises(plan.output, work.recipe, plan.block) as kept:
        blocks = list(blocks_of(plan.source, plan.block))
        sums = Sum(total := sum(block.count for block in blocks), Tally(total=total))
        with watched(sums.tally, stop, lambda: 0.0):
            _gather(ray, plan, work, blocks, sums, stop)
        if not sums.accounts.skipped and (moved := kept.put_away_all_but(sums.stems)):
            complain(STALE_PARTS.format(counted(moved, "file")))
        how = (stop.why, stop.interrupted, stop.error)
        return Report(sums.accounts, dict(sums.reasons), sums.tally, *how)


def _check(plan: Backfill, settings: Settings) -> None:
    check_bounds(plan, settings)
    if settings.is_embedded:
        raise ConfigError(EMBEDDED)
    if not 1 <= plan.block <= MOST_IN_BLOCK:
        raise ConfigError(BLOCK.format(MOST_IN_BLOCK, plan.block))
    share = plan.concurrency // max(1, plan.workers)
    if plan.workers < 1 or not 1 <= share <= MOST_AT_ONCE:
        sizes = (plan.workers, plan.concurrency, share, MOST_AT_ONCE)
        raise ConfigError(CROWDED.format(*sizes))


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray tells its makers of its use
    try:
        import_module("ray.data")
    except ImportError:
        raise ConfigError(MISSING) from None
    logging.getLogger("ray.data").setLevel(logging.WARNING)  # its plans are nobody's concern
    return import_module("ray")


def work_of(plan: Backfill, settings: Settings) -> Work:
    """What each actor is given: so much of all bounds that together they keep them."""

    def share(whole: float | None) -> float | None:
        return whole and whole / plan.workers

    return Work(
        settings=replace(settings, api_key=None),
        has_key=settings.api_key is not None,
        recipe=recipe_of(settings),
        actors=plan.workers,
        folder=os.path.abspath(plan.output),  # noqa: PTH100  as the source's
        block=plan.block,
        concurrency=plan.concurrency // plan.workers,
        rpm=share(plan.rpm),
        tpm=share(plan.tpm),
        max_cost=share(plan.max_cost),
        retry_dead=plan.retry_dead,
    )


def _gather(
    ray: Any, plan: Backfill, work: Work, blocks: Sequence[Block], sums: Sum, stop: Stop
) -> None:
    """Add up what the blocks tell, until all did, or one tells of what must be mended."""
    try:
        with _cluster(ray, work.actors):
            for told in _told(ray, work, blocks):
                sums.add(told)
                if told.problem:
                    stop.now(told.stopped or told.problem, ConfigError(told.problem))
                    return
                if told.stopped:
                    stop.now(SPENT.format(plan.max_cost))
    except KeyboardInterrupt:
        stop.interrupt()
    except ray.exceptions.RayError as error:
        raise ConfigError(BROKEN.format(type(error).__name__)) from None


@contextmanager
def _cluster(ray: Any, workers: int) -> Generator[None]:
    """Within, a cluster: one that the caller has joined, else RAY_ADDRESS's, else a local one."""
    if own := not ray.is_initialized():
        _look(os.environ.get("RAY_ADDRESS", ""))
        try:
            ray.init(log_to_driver=False, logging_level=logging.WARNING)
        except Exception as error:  # it raises whatever its parts raise
            raise ConfigError(NO_CLUSTER.format(type(error).__name__)) from None
    try:
        if (found := ray.cluster_resources().get("CPU", 0)) < workers:
            complain(FEW.format(found, workers))
        yield
    finally:
        if own:
            ray.shutdown()


def _look(address: str) -> None:
    """See that something listens at ``address``, if it names a port: Ray would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdigit()):
        return
    try:
        socket.create_connection((host, int(port)), LOOK_SECONDS).close()
    except (OSError, OverflowError):
        raise ConfigError(NO_CLUSTER.format("nothing listens there")) from None


def _told(ray: Any, work: Work, blocks: Sequence[Block]) -> Iterator[Told]:
    """Deal ``blocks`` out, one a task, to as many actors; what they tell, as it comes."""
    if not blocks:
        return
    data = ray.data
    data.DataContext.get_current().enable_progress_bars = False
    given = [{"block": json.dumps(asdict(block))} for block in blocks]
    pool = data.ActorPoolStrategy(
        size=work.actors,
        max_tasks_in_flight_per_actor=work.blocks,
        max_concurrent_calls_per_actor=work.blocks,
    )
    dealt = data.from_items(given, override_num_blocks=len(given)).map_batches(
        Actor,
        fn_constructor_args=(work,),
        batch_size=None,
        compute=pool,
        num_cpus=1,
    )
    for row in dealt.iter_rows():
        yield Told(**json.loads(row["told"]))


class Actor:
    """What Ray makes of the actors' side; it awaits several blocks at once."""

    def __init__(self, work: Work) -> None:
        self._asker = Asker(work)

    async def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """A batch of blocks as JSON; what became of each."""
        return {"told": await told_as_json(self._asker, list(batch["block"]))}

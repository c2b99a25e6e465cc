"""What a backfill is asked to do, and how it ended."""

from dataclasses import dataclass
from pathlib import Path

from extractor.bulk.ledger import Accounts
from extractor.bulk.tally import Tally
from extractor.errors import ConfigError, ExtractorError
from extractor.prices import price_of
from extractor.settings import Settings

MOST_AT_ONCE = 1000
BLOCK = 500
RAY = "ray"


@dataclass(frozen=True)
class Backfill:
    """What a backfill was asked to do.

    ``rpm`` and ``tpm`` are requests and tokens a minute; without them the server's own limits are
    learned. ``max_cost`` is in US dollars. ``retry_dead`` asks about dead letters and nothing else.
    ``via`` is a key of ``WAYS`` or ``RAY``; ``block`` is for the latter: articles in a part of the
    output, which is then a folder.
    """

    source: str
    output: Path
    concurrency: int = 16
    rpm: float | None = None
    tpm: float | None = None
    max_cost: float | None = None
    retry_dead: bool = False
    workers: int = 1
    via: str = "calls"
    block: int = BLOCK

    @property
    def ledger(self) -> Path:
        """The ledger beside the output."""
        return self.output.with_name(self.output.name + ".ledger")

    @property
    def dead_letters(self) -> Path:
        """The dead letters beside the output, or in it, as JSON lines."""
        if self.via == RAY:
            return self.output / "dead"
        return self.output.with_name(self.output.name + ".dead.jsonl")


@dataclass(frozen=True)
class Report:
    """How a run ended.

    ``stopped`` says why it made no more calls, if it did stop early; ``error`` is what must be
    mended before the next run. After an interruption or an error no output is written.
    """

    accounts: Accounts
    reasons: dict[str, int]  # of the dead letters
    tally: Tally
    stopped: str | None = None
    interrupted: bool = False
    error: ExtractorError | None = None

    @property
    def is_written(self) -> bool:
        """Whether the output holds what the ledger holds."""
        return not (self.interrupted or self.error)


def check_bounds(plan: Backfill, settings: Settings) -> None:
    """See that rates and the highest cost can be kept.

    Raises:
        ConfigError: one makes no sense, or the price is not known.
    """
    if any(bound is not None and not bound > 0 for bound in (plan.rpm, plan.tpm, plan.max_cost)):
        raise ConfigError("Rates and the highest cost must be above 0.")
    if plan.max_cost is not None and price_of(settings) is None:
        raise ConfigError(
            f"The price of {settings.model} is not known, so --max-cost cannot be kept: name a "
            "price list with --prices."
        )

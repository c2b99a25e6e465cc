"""How far a backfill is, and what it has cost so far in this run."""

import time
from dataclasses import dataclass, field

from extractor.bulk.ledger import Dead, Done
from schemas import Usage


@dataclass
class Tally:
    """Counts of this run; ``total`` is how many inputs there are, if that is known.

    ``cost`` is in US dollars. A bill without a price adds ``guess`` to it, so that a cap holds
    where a server sends no usage; ``unpriced`` counts such bills. ``note``: what else to show.
    """

    total: int | None = None
    listed: int = 0
    known: int = 0
    results: int = 0
    dead: int = 0
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0
    unpriced: int = 0
    guess: float = 0.0
    note: str = ""
    began: float = field(default_factory=time.monotonic)

    def add(self, outcome: Done | Dead, usage: Usage) -> None:
        """Count one text that was asked about."""
        self.results += isinstance(outcome, Done)
        self.dead += isinstance(outcome, Dead)
        self.calls += usage.calls
        self.input_tokens += usage.input_tokens
        self.output_tokens += usage.output_tokens
        self.cost += self.guess if usage.cost_usd is None else usage.cost_usd
        self.unpriced += usage.cost_usd is None

    @property
    def asked(self) -> int:
        """Texts that this run has asked about."""
        return self.results + self.dead

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self.began

    @property
    def pace(self) -> float:
        """Texts a second."""
        return self.asked / self.seconds if self.seconds else 0.0

    @property
    def settled(self) -> int:
        """Inputs that need nothing more."""
        return self.known + self.asked

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None where it cannot be told."""
        if self.total is None or not self.asked:
            return None
        return max(0, self.total - self.settled) / self.pace

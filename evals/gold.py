"""Hand-labelled gold: one file an article, every slot a list of acceptable values."""

from datetime import datetime
from pathlib import Path

from pydantic import Field

from schemas import Comparator, Kind, Source, Span
from schemas.claims import Certainty, TimeBasis
from schemas.spans import Frozen


class GoldQuantity(Frozen):
    """A figure as a labeller reads it; see ``schemas.Quantity``."""

    text: str
    comparator: Comparator
    value: float | None = None
    value_max: float | None = None
    unit: str | None = None


class GoldTime(Frozen):
    """A time as a labeller reads it; see ``schemas.Time``."""

    text: str
    value: str | None = None
    basis: TimeBasis


class GoldSlots(Frozen):
    """Acceptable values of each slot, the preferred one first. ``[None]``: must be empty.

    ``sources`` and ``quantities`` list acceptable *lists*: ``[[]]`` means none at all. An empty
    list of acceptable values means that the slot is not scored for this claim.
    """

    kind: tuple[Kind, ...]
    subject: tuple[str, ...]
    predicate: tuple[str, ...]
    object: tuple[str | None, ...] = ()
    sources: tuple[tuple[Source, ...], ...] = ((),)
    quote: tuple[str | None, ...] = (None,)
    quantities: tuple[tuple[GoldQuantity, ...], ...] = ((),)
    time: tuple[GoldTime | None, ...] = (None,)
    place: tuple[str | None, ...] = ()
    hedge: tuple[str | None, ...] = (None,)
    negated: bool = False
    certainty: tuple[Certainty, ...] = ()


class GoldClaim(Frozen):
    """One claim. ``evidence`` lists acceptable evidence sets, for facts that are restated."""

    id: str
    optional: bool = False
    tags: tuple[str, ...] = ()
    statement: str
    evidence: tuple[tuple[Span, ...], ...] = Field(min_length=1)
    slots: GoldSlots


class GoldArticle(Frozen):
    """All claims of one article; ``article`` is its path from the root of the checkout.

    ``boilerplate`` marks what is no news: no claim may rest on it.
    """

    id: str
    article: str
    sha256: str
    published_at: datetime | None
    guidelines: str
    annotators: tuple[str, ...]
    claims: tuple[GoldClaim, ...]
    boilerplate: tuple[Span, ...] = ()


class GoldVariant(Frozen):
    """The gold ``base`` for the same text with a known date: only times differ, by claim id."""

    id: str
    base: str
    published_at: datetime
    times: dict[str, tuple[GoldTime | None, ...]] = Field(
        default_factory=dict[str, tuple[GoldTime | None, ...]]
    )


def load_gold(path: Path) -> GoldArticle:
    """Read one gold file.

    Raises:
        pydantic.ValidationError: the file does not hold the shape above.
    """
    return GoldArticle.model_validate_json(path.read_bytes())

"""A draft whose words have been found: what both prompts come down to before slots are filled."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from extractor.edges import Bounds
from extractor.grounding import Stretch
from extractor.segment import Sentence
from schemas import Kind, Origin, Source


@dataclass(frozen=True)
class Candidate:
    """A claim in the making.

    ``reach`` are the stretches of the article that belong to the claim itself: rules look for
    figures, hedges and negation there and nowhere else. ``lead`` widens them for times.
    """

    sentences: tuple[Sentence, ...]
    statement: str
    subject: str
    predicate: str
    object: str | None
    reach: tuple[Bounds, ...]
    lead: int
    sources: tuple[Source, ...] = ()
    kind: Kind | None = None
    quote: Stretch | None = None
    negated: bool | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict[str, Origin])

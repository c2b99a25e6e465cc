"""What a model fills: smaller than a claim, and words of the article throughout.

These shapes satisfy strict structured outputs: an object at the root, every property required,
nothing but closed objects, lists, strings, integers, enums and null.
"""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas.claims import Kind


class Draft(BaseModel):
    """Base of what the model fills: all properties required, none unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TellerDraft(Draft):
    """Who says so and the reporting words, both copied from the article."""

    name: str
    cue: str | None


class ClaimDraft(Draft):
    """One claim as a capable model gives it: ids of sentences, and words copied from them."""

    sentences: list[int]
    kind: Kind
    statement: str
    subject: str
    predicate: str
    object: str | None
    tellers: list[TellerDraft]
    quote: str | None
    quantity: str | None
    time: str | None
    place: str | None
    hedge: str | None
    negated: bool


class ClaimsAnswer(Draft):
    """The wire shape of the ``claims`` prompt."""

    claims: list[ClaimDraft]


class ClauseDraft(NamedTuple):
    """One clause as a small model gives it: subject and verb, copied in the order of the text."""

    subject: str
    verb: str

"""What a model fills: smaller than a claim, and words of the article throughout.

These shapes satisfy strict structured outputs: an object at the root, every property required,
nothing but closed objects, lists, strings, integers and enums. Keys on the wire are a letter or
two, because a model writes them anew for every claim.
"""

from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.claims import Kind


class Draft(BaseModel):
    """Base of what the model fills: all properties required, none unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


SEPARATOR = "|"
MOST_PIECES = 16
MOST_TELLERS = 8


def pieces(written: str) -> tuple[str, ...]:
    """What stands between the separators, without the spaces around it."""
    return tuple(piece.strip() for piece in written.split(SEPARATOR))


def _said(written: str) -> str:
    if not 2 <= len(pieces(written)) <= MOST_PIECES:
        raise ValueError("a claim has a subject and a verb, and not everything besides")
    return written


def _heard(tellers: list[str]) -> list[str]:
    if len(tellers) > MOST_TELLERS:
        raise ValueError("nobody tells what so many say that others say")
    return tellers


class ClaimDraft(Draft):
    """One claim as a capable model gives it: numbers of sentences, and words copied from them.

    ``said``: subject, verb, then the rest of the clause in as many pieces as it stands in, with
    ``|`` between them; read in a row they are the statement. A name in square brackets behind a
    pronoun says who is meant. ``tellers``, the outermost first: a name, ``|``, its reporting words.
    """

    sentences: list[int] = Field(alias="s")
    tellers: Annotated[list[str], AfterValidator(_heard)] = Field(alias="by")
    said: Annotated[str, AfterValidator(_said)] = Field(alias="c")
    kind: Kind = Field(alias="k")

    @property
    def parts(self) -> tuple[str, ...]:
        """Subject, verb, and the rest as far as there is any."""
        subject, verb, *rest = pieces(self.said)
        return subject, verb, *filter(None, rest)


class ClaimsAnswer(Draft):
    """The wire shape of the ``claims`` prompt."""

    claims: list[ClaimDraft]


class ClauseDraft(NamedTuple):
    """One clause as a small model gives it: subject and verb, copied in the order of the text."""

    subject: str
    verb: str

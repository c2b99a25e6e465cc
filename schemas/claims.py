"""What comes out: claims, each with its words in the article."""

from enum import StrEnum

from pydantic import Field

from schemas.spans import Frozen, Span


class Kind(StrEnum):
    """What sort of statement a claim is. A prediction is not an event."""

    EVENT = "event"
    STATE = "state"
    QUANTITY = "quantity"
    QUOTE = "quote"
    PREDICTION = "prediction"
    ASSESSMENT = "assessment"
    BACKGROUND = "background"


class SourceKind(StrEnum):
    """Who a teller is, as far as the article says."""

    NAMED_PERSON = "named_person"
    ORGANISATION = "organisation"
    OFFICIAL_UNNAMED = "official_unnamed"
    WITNESS_UNNAMED = "witness_unnamed"
    DOCUMENT_OR_MEDIA = "document_or_media"
    INTELLIGENCE = "intelligence"
    PUBLISHER = "publisher"
    UNSPECIFIED = "unspecified"


class Comparator(StrEnum):
    """How a figure bounds the truth."""

    EXACT = "exact"
    ABOUT = "about"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    MORE_THAN = "more_than"
    LESS_THAN = "less_than"
    RANGE = "range"
    VAGUE = "vague"


class TimeBasis(StrEnum):
    """What a time's value rests on."""

    EXPLICIT = "explicit"
    PUBLISHED_AT = "published_at"
    UNRESOLVED = "unresolved"


class Certainty(StrEnum):
    """How sure a claim's innermost source is."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"


class Zone(StrEnum):
    """Which part of the article a sentence stands in."""

    HEADLINE = "headline"
    STANDFIRST = "standfirst"
    BYLINE = "byline"
    CAPTION = "caption"
    SUBHEADING = "subheading"
    BODY = "body"
    BOILERPLATE = "boilerplate"


class Origin(StrEnum):
    """Whether a slot was filled by the model or by a rule over the article's words."""

    MODEL = "model"
    RULE = "rule"


class Source(Frozen):
    """A teller: who says so, and the words that make it a report (``cue``, such as "told")."""

    name: str
    kind: SourceKind
    cue: str | None = None


class Quantity(Frozen):
    """A figure as written and as computed. ``value_max`` is set for ranges alone.

    ``value`` is null where the words name no figure ("hundreds").
    """

    text: str
    comparator: Comparator
    value: float | None = None
    value_max: float | None = None
    unit: str | None = None


class Time(Frozen):
    """A time as written; ``value`` is ISO 8601 or EDTF, null while ``basis`` is unresolved."""

    text: str
    value: str | None = None
    basis: TimeBasis


class Claim(Frozen):
    """One checkable statement, in the words of the article."""

    id: str
    kind: Kind
    statement: str
    subject: str
    predicate: str
    object: str | None = None
    evidence: tuple[Span, ...] = Field(min_length=1)
    sources: tuple[Source, ...] = ()
    quote: Span | None = None
    quantities: tuple[Quantity, ...] = ()
    time: Time | None = None
    place: str | None = None
    negated: bool = False
    certainty: Certainty = Certainty.UNKNOWN
    hedge: str | None = None
    zone: Zone = Zone.BODY
    filled_by: dict[str, Origin] = Field(default_factory=dict[str, Origin])

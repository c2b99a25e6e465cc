"""What comes out of one article, and how it was made."""

from datetime import datetime
from enum import StrEnum

from schemas.claims import Claim, Origin
from schemas.spans import Frozen, Span

SCHEMA_VERSION = "1"


class Status(StrEnum):
    """How an extraction ended. A failure is never an empty ``ok``."""

    OK = "ok"
    PARTIAL = "partial"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    FILTERED = "filtered"
    UNAVAILABLE = "unavailable"
    INVALID = "invalid"


class ArticleRecord(Frozen):
    """The article that a result belongs to; ``sha256`` is over the UTF-8 bytes of its text."""

    id: str | None
    sha256: str
    title: str | None = None
    source: str | None = None
    url: str | None = None
    published_at: datetime | None = None
    published_at_origin: Origin | None = None


class Rejected(Frozen):
    """A draft of the model that failed its checks, as JSON, and why.

    Its fields are the schema's, its words the article's; for other words stands ``[…]``.
    """

    draft: dict[str, object]
    reasons: tuple[str, ...]
    span: Span | None = None


class FailedWindow(Frozen):
    """A part of the article that got no usable answer, and why."""

    start: int
    end: int
    reason: str


class Coverage(Frozen):
    """How many sentences that could carry claims did; ``uncovered`` are those that did not."""

    sentences: int
    covered: int
    uncovered: tuple[Span, ...] = ()
    failed: tuple[FailedWindow, ...] = ()


class Usage(Frozen):
    """What all attempts together used.

    ``retries`` are the calls that asked again because a first one brought nothing usable;
    ``first_tries`` are the questions that the first call answered usably, out of ``calls`` less
    ``retries``. ``unmetered_calls`` sent no usage back.
    """

    calls: int = 0
    retries: int = 0
    first_tries: int = 0
    unmetered_calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    cost_usd: float | None = None


class Provenance(Frozen):
    """What made a result; endpoint is its kind (``local`` or ``hosted``), never its address."""

    model: str
    endpoint: str
    prompt: str
    prompt_digest: str
    schema_digest: str
    extractor_version: str
    created_at: datetime


class Extraction(Frozen):
    """The claims of one article, what was refused, what was not covered, and the bill."""

    schema_version: str = SCHEMA_VERSION
    status: Status
    article: ArticleRecord
    claims: tuple[Claim, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    coverage: Coverage
    usage: Usage
    provenance: Provenance

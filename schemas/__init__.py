"""The contract: what goes in, what comes out, what a model is asked to fill."""

from schemas.article import Article
from schemas.claims import (
    Certainty,
    Claim,
    Comparator,
    Kind,
    Origin,
    Quantity,
    Source,
    SourceKind,
    Time,
    TimeBasis,
    Zone,
)
from schemas.drafts import ClaimDraft, ClaimsAnswer, ClauseDraft
from schemas.extraction import (
    SCHEMA_VERSION,
    ArticleRecord,
    Coverage,
    Extraction,
    FailedWindow,
    Provenance,
    Rejected,
    Status,
    Usage,
)
from schemas.spans import Span

__all__ = [
    "SCHEMA_VERSION",
    "Article",
    "ArticleRecord",
    "Certainty",
    "Claim",
    "ClaimDraft",
    "ClaimsAnswer",
    "ClauseDraft",
    "Comparator",
    "Coverage",
    "Extraction",
    "FailedWindow",
    "Kind",
    "Origin",
    "Provenance",
    "Quantity",
    "Rejected",
    "Source",
    "SourceKind",
    "Span",
    "Status",
    "Time",
    "TimeBasis",
    "Usage",
    "Zone",
]

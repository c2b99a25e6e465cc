"""What a result says about its article and about how it was made."""

import hashlib
import importlib.metadata
import json
from datetime import UTC, datetime
from functools import lru_cache

from extractor.segment import Document
from prompts import Prompt
from schemas import Article, ArticleRecord, Extraction, Origin, Provenance


def article_record(article: Article, sha256: str, document: Document) -> ArticleRecord:
    """The article as a result names it; the date may come from its own date line."""
    published = article.published_at or document.date
    origin = None if article.published_at or not published else Origin.RULE
    return ArticleRecord(
        id=article.id,
        sha256=sha256,
        title=article.title,
        source=article.source,
        url=article.url,
        published_at=published,
        published_at_origin=origin,
    )


def provenance(model: str, prompt: Prompt, embedded: bool) -> Provenance:
    """Model, prompt and schema that made a result, and when."""
    return Provenance(
        model=model,
        endpoint="local" if embedded else "hosted",
        prompt=prompt.name,
        prompt_digest=prompt.digest,
        schema_digest=schema_digest(),
        extractor_version=version(),
        created_at=datetime.now(UTC),
    )


@lru_cache
def schema_digest() -> str:
    """sha256 of the public schema of a result."""
    schema = json.dumps(Extraction.model_json_schema(), sort_keys=True)
    return hashlib.sha256(schema.encode()).hexdigest()


@lru_cache
def version() -> str:
    """The installed version, or ``0`` from a bare checkout."""
    try:
        return importlib.metadata.version("fact-extractor")
    except importlib.metadata.PackageNotFoundError:
        return "0"

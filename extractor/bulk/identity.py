"""What is the same work: what an extraction depends on, and nothing else, made one key."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from extractor.ask import STYLES
from extractor.ask.wire import wire_schema
from extractor.record import schema_digest, version
from extractor.settings import LOCAL, Settings
from prompts import Prompt
from schemas import Article, ClaimsAnswer

KeyOf = Callable[[Article], bytes]


def identity(settings: Settings, prompt: Prompt) -> KeyOf:
    """The function from an article to its key, 32 bytes, for this model, prompt and version.

    A key is sha256 over prompt, wire schema, result schema, model, parameters and extractor
    version, then over the text and what else of the article a model or a rule reads (title,
    source, language, date). API key, address, id, url and order have no part in it.
    """
    recipe = {
        "prompt": [prompt.name, prompt.digest],
        "wire": wire_schema(ClaimsAnswer),
        "schema": schema_digest(),
        "model": _model(settings),
        "parameters": _parameters(settings, prompt),
        "version": version(),
    }
    start = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode())

    def key(article: Article) -> bytes:
        digest = start.copy()
        digest.update(_read(article))
        return digest.digest()

    return key


def _parameters(settings: Settings, prompt: Prompt) -> dict[str, object]:
    """How a question is asked. A second pass is named where there is one: other keys stay."""
    twice = settings.second_pass and STYLES[prompt.name].again
    more = {"second_pass": True} if twice else {}
    return {"strict": settings.strict, "temperature": 0, **more}


def _model(settings: Settings) -> str:
    """A weights file is known by its name and size, wherever it lies."""
    if not settings.is_embedded or settings.model == LOCAL:
        return settings.model
    path = Path(settings.model)
    return f"{path.name} {path.stat().st_size if path.is_file() else 0}"


def _read(article: Article) -> bytes:
    published = article.published_at.isoformat() if article.published_at else None
    parts = (article.title, article.source, article.language, published, article.text)
    return b"".join(map(_framed, parts))


def _framed(part: str | None) -> bytes:
    """With its length before it, so that no two lists of parts make the same bytes."""
    if part is None:
        return b"-"
    data = part.encode()
    return b"%d:%s" % (len(data), data)

"""What becomes of one text: a result to keep, or a dead letter that says why there is none."""

import json
from collections.abc import Awaitable, Callable, Mapping

from extractor.bulk.ledger import Dead, Done
from extractor.errors import ArticleError, ConfigError, ModelError
from schemas import Article, Extraction, Status, Usage

Extract = Callable[[Article], Awaitable[Extraction]]
Settled = tuple[Done | Dead, Usage]
Settle = Callable[[bytes, Article], Awaitable[Settled]]
UNREADABLE, UNEXPECTED = "unreadable", "unexpected"


async def outcome(key: bytes, article: Article, extract: Extract) -> Settled:
    """Extract ``article``; whatever fails is a dead letter, with the bill of what was tried.

    Raises:
        ConfigError: no article could succeed.
    """
    try:
        return settled(key, extraction := await extract(article)), extraction.usage
    except ConfigError:
        raise
    except ArticleError as error:
        letter = Dead(key, UNREADABLE, str(error))
    except ModelError as error:
        letter = Dead(key, Status.UNAVAILABLE.value, str(error))
    except Exception as error:  # a bug met by one article must not cost the others theirs
        message = f"This should not happen ({type(error).__name__}): please report it."
        letter = Dead(key, UNEXPECTED, message)
    return letter, Usage()


def settled(key: bytes, extraction: Extraction) -> Done | Dead:
    """A whole extraction is a result; any other is a dead letter that keeps what was found."""
    rest = extraction.model_dump_json(exclude={"article"}).encode()
    if extraction.status is Status.OK:
        return Done(key, extraction.article.model_dump_json(), rest)
    reasons = dict.fromkeys(window.reason for window in extraction.coverage.failed)
    return Dead(key, extraction.status.value, " ".join(list(reasons)[:2]), rest)


def line(about: str, article: str, rest: bytes) -> bytes:
    """An ``Extraction`` as JSON, put together from what the ledger holds."""
    record = json.loads(article) | json.loads(about)
    return b'{"article":%s,%s' % (_json(record), rest[1:])


def letter(
    position: int, name: str, reason: str, message: str, about: str | None, rest: bytes | None
) -> bytes:
    """A dead letter as JSON: which input, why, and what a partial extraction did find."""
    given = json.loads(about) if about else {"id": None, "url": None}
    told = {"position": position, "name": name, **given, "reason": reason, "message": message}
    return b'%s,"found":%s}' % (_json(told)[:-1], rest or b"null")


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

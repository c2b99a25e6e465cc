"""From an input to its row in the ledger."""

from pydantic_core import to_json

from extractor.bulk.identity import KeyOf
from extractor.bulk.inputs import Input
from extractor.bulk.ledger import Row
from schemas import Article


def row_of(given: Input, key_of: KeyOf) -> Row:
    """The row that ties an input's position to its key, or to the reason why it has none."""
    if not given.article:
        return Row(given.position, None, given.name, problem=given.problem)
    article = given.article
    return Row(given.position, key_of(article), given.name, _own(article), len(article.text))


def _own(article: Article) -> str:
    """What a result takes from the input itself: the same text may come under many ids."""
    return to_json({"id": article.id, "url": article.url}).decode()

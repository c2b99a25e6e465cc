"""What a result keeps of a draft that was refused: enough to see why, and nothing of its own.

A model can be talked into anything by the article that it reads. What it says in words that the
article does not use is therefore kept nowhere.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple, cast

from pydantic import JsonValue

from extractor.ask.wire import Json, wire_schema
from extractor.text import fold
from schemas import ClaimsAnswer, ClauseDraft, Rejected

GAP = "[…]"
GAPS = re.compile(rf"{re.escape(GAP)}(?: {re.escape(GAP)})+")
LONGEST = 300  # characters of a string, after which it is cut
MOST = 20  # items of a list
FIGURE = re.compile(r"[$£€]?\d[\d.,]{0,14}%?")  # often why a draft was refused
EDGES = ".,;:!?\"'()[]|-"
WORD = re.compile(r"[^\W_]+(?:[.,'][^\W_]+)*")
TOKEN = re.compile(rf"[^\s{re.escape(EDGES)}](?:\S*[^\s{re.escape(EDGES)}])?")


class Own(NamedTuple):
    """The fields that a draft may have, and the words that an enum of the schema allows."""

    fields: frozenset[str]
    words: frozenset[str]


def storable(rejected: Rejected, article: str) -> Rejected:
    """``rejected`` without what only a model said, which an article may have told it to say.

    Of the draft the schema's own fields stay, of their words those that ``article`` uses and
    figures; what a reason names is treated alike. For the rest stands ``[…]``.
    """

    def shown(value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return _cut(_known(value[: 2 * LONGEST], article))
        if isinstance(value, list):
            return [shown(item) for item in value[:MOST]]
        if isinstance(value, dict):
            own = ((name, item) for name, item in value.items() if name in _schema().fields)
            return {name: shown(item) for name, item in islice(own, MOST)}
        return value if len(str(value)) <= LONGEST else GAP

    def reason(words: str) -> str:
        ours, colon, theirs = words.partition(": ")
        return f"{ours}{colon}{shown(theirs)}"

    draft = cast("dict[str, object]", shown(cast("JsonValue", rejected.draft)))
    return Rejected(draft=draft, reasons=tuple(map(reason, rejected.reasons)), span=rejected.span)


def _cut(words: str) -> str:
    return words if len(words) <= LONGEST else words[:LONGEST].rstrip() + GAP


def _known(words: str, article: str) -> str:
    """``words``, those that the article does not use replaced; joined words are one."""
    tokens = fold(words).text.split()
    return GAPS.sub(GAP, " ".join(t if _is_known(t, article) else GAP for t in tokens))


def _is_known(token: str, article: str) -> bool:
    """Whether it is a word of the article, a figure, or a field, also one in a list ("by.0")."""
    word = token.strip(EDGES)
    if word in _words(article) or FIGURE.fullmatch(word):
        return True
    own = _schema().fields | _schema().words
    return all(part in own or part.isdecimal() for part in filter(None, word.split(".")))


@lru_cache(maxsize=8)
def _words(article: str) -> frozenset[str]:
    """The article's words as they are joined there, and their parts; any may open a sentence."""
    folded = fold(article).text
    words = [*TOKEN.findall(folded), *WORD.findall(folded)]
    return frozenset(form for word in words for form in (word, word[:1].swapcase() + word[1:]))


@lru_cache(maxsize=1)
def _schema() -> Own:
    found = list(_nodes(wire_schema(ClaimsAnswer)))
    fields = (name for node in found for name in cast("Json", node.get("properties", {})))
    words = (str(word) for node in found for word in cast("list[JsonValue]", node.get("enum", [])))
    return Own(frozenset(["item", *ClauseDraft._fields, *fields]), frozenset(words))


def _nodes(schema: JsonValue) -> Iterator[Json]:
    """Every object inside a JSON schema, itself included."""
    if isinstance(schema, dict):
        yield schema
        yield from _nodes(list(schema.values()))
    elif isinstance(schema, list):
        for item in schema:
            yield from _nodes(item)

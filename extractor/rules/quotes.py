"""Words inside quotation marks, also where a house style mixes or doubles the marks."""

import re
from functools import lru_cache

from extractor.grounding import Stretch, stretch_of

OPENING = re.compile('[“„«"‘]')
QUOTED = re.compile(r"[^ ,]|,(?!\Z)")  # a comma that closes a quote parts it from its teller
DOUBLE = re.compile(
    r"[“„«\"]{1,2}\s*(?P<inner>[^“”„«»\"]+?)\s*(?:[”»\"]|$)|‘(?P<single>(?:[^‘’]|’(?=\w))+?)’(?!\w)"
)


@lru_cache(maxsize=1024)
def find_quotes(text: str, start: int = 0, end: int | None = None) -> tuple[Stretch, ...]:
    """Quoted words in ``text[start:end]``, the marks themselves left out.

    A mark that opens and is never closed quotes to the end of the stretch, which is how news
    texts print a quote that runs on into the next paragraph.
    """
    stop = len(text) if end is None else end
    if not OPENING.search(text, start, stop):
        return ()
    found: list[Stretch] = []
    for match in DOUBLE.finditer(text, start, stop):
        group = "inner" if match.group("inner") is not None else "single"
        left, right = match.span(group)
        if right - left > 1 and not _is_measure(text, match.start(), match.group(group)):
            found.append(stretch_of(text, left, right))
    return tuple(found)


def _is_measure(text: str, at: int, inner: str) -> bool:
    """A straight mark behind a digit is an inch or a minute, not a quote."""
    return text[at] == '"' and at > 0 and text[at - 1].isdigit() and inner[:1] in " ,."


@lru_cache(maxsize=1024)
def masked(text: str, start: int, end: int) -> str:
    """``text[start:end]`` with quoted words replaced by ``_``, so that rules do not read them."""
    hidden, at = "", start
    for quote in find_quotes(text, start, end):
        hidden += text[at : quote.start] + QUOTED.sub("_", quote.text)
        at = quote.end
    return hidden + text[at:end]

"""Words inside quotation marks, also where a house style mixes or doubles the marks."""

import re
from functools import lru_cache

from extractor.grounding import span_of
from schemas import Span

OPENING = '“„«"‘'
DOUBLE = re.compile(
    r"[“„«\"]{1,2}\s*(?P<inner>[^“”„«»\"]+?)\s*(?:[”»\"]|$)|‘(?P<single>(?:[^‘’]|’(?=\w))+?)’(?!\w)"
)


@lru_cache(maxsize=1024)
def find_quotes(text: str, start: int = 0, end: int | None = None) -> tuple[Span, ...]:
    """Spans of quoted words in ``text[start:end]``, the marks themselves left out.

    A mark that opens and is never closed quotes to the end of the stretch, which is how news
    texts print a quote that runs on into the next paragraph.
    """
    stop = len(text) if end is None else end
    found: list[Span] = []
    for match in DOUBLE.finditer(text, start, stop):
        group = "inner" if match.group("inner") is not None else "single"
        left, right = match.span(group)
        if right - left > 1 and not _is_measure(text, match.start(), match.group(group)):
            found.append(span_of(text, left, right))
    return tuple(found)


def _is_measure(text: str, at: int, inner: str) -> bool:
    """A straight mark behind a digit is an inch or a minute, not a quote."""
    return text[at] == '"' and at > 0 and text[at - 1].isdigit() and inner[:1] in " ,."


@lru_cache(maxsize=1024)
def masked(text: str, start: int, end: int) -> str:
    """``text[start:end]`` with quoted words replaced by ``_``, so that rules do not read them."""
    letters = list(text[start:end])
    for quote in find_quotes(text, start, end):
        for i in range(quote.start - start, quote.end - start):
            if letters[i] not in " ,":
                letters[i] = "_"
            elif letters[i] == ",":
                letters[i] = "_" if i < quote.end - start - 1 else ","
    return "".join(letters)

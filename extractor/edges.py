"""The ends of a stretch of text: what hangs on it and does not belong to it."""

Bounds = tuple[int, int]
EDGES = ' \t\r\n,;:.—–-“”"‘’!?…()'
OPENING, CLOSING = '“‘"(', '”’")'


def trimmed(text: str, start: int, end: int) -> Bounds:
    """Without white space and loose punctuation at its ends; marks that pair up are kept."""
    while start < end and text[start] in EDGES and not _opens_a_pair(text, start, end):
        start += 1
    while end > start and text[end - 1] in EDGES and not _closes_a_pair(text, start, end):
        end -= 1
    return start, max(start, end)


def _opens_a_pair(text: str, start: int, end: int) -> bool:
    mark = text[start]
    return mark in OPENING and CLOSING[OPENING.index(mark)] in text[start + 1 : end]


def _closes_a_pair(text: str, start: int, end: int) -> bool:
    mark = text[end - 1]
    return mark in CLOSING and OPENING[CLOSING.index(mark)] in text[start : end - 1]

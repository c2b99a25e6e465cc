"""A pattern for any of many words that costs little to look for."""

import re
from collections.abc import Iterable
from itertools import groupby


def any_of(words: Iterable[str]) -> str:
    """The regular expression for any of ``words``, the longest that fits, as a tree of letters.

    An ``a|b|c`` of hundreds of words is tried word by word at each place; in the tree a letter
    that begins none of them, or goes on none, ends the attempt.
    """
    return _tree(sorted(set(words)))


def _tree(words: list[str]) -> str:
    branches = [
        re.escape(head) + _tree([word[1:] for word in group])
        for head, group in groupby(filter(None, words), key=lambda word: word[0])
    ]
    if not branches:
        return ""
    either = branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
    return either if "" not in words else f"(?:{either})?"

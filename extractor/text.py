"""A text folded for comparison, with a map back to the original's offsets.

Only typography is folded (spaces, quotation marks, dashes, ellipses, NFC): never digits, the case
of letters, or words. What matches a folded text therefore says the same thing as the original.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_lowercase

from pydantic import JsonValue

SINGLE_QUOTES = "‘’‚‛‹›`´′"
DOUBLE_QUOTES = "“”„‟«»″"
DASHES = "‐‑‒–—―−"
INVISIBLE = "\u00ad\u200b\u2060\ufeff"
UNSHOWN = dict.fromkeys(map(ord, INVISIBLE))
FOLDS = (
    {ord(c): "'" for c in SINGLE_QUOTES}
    | {ord(c): '"' for c in DOUBLE_QUOTES}
    | {ord(c): "-" for c in DASHES}
    | {ord("…"): "..."}
    | {ord(c): "" for c in INVISIBLE}
)
MARKS = r"\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20f0\u3099\u309a"
SPACES = "\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
ONE_FOR_ONE = {
    chr(code): to for code, to in FOLDS.items() if code > 127 and len(to) == 1
} | dict.fromkeys(SPACES, " ")
# What folding can change: odd or repeated white space, and characters outside ASCII or with marks.
FOLDABLE = re.compile(rf"\s{{2,}}|[^\S ]|[!-~][{MARKS}]+|[^\x00-\x7f][{MARKS}]*")
SPACING = re.compile(r"\s(?:\s+|(?<! ))")  # all that folding changes in ASCII
FOREIGN = re.compile(r"[^\x00-\x7f]")
NOT_A_LETTER = bytes(code if chr(code) in ascii_lowercase else ord(" ") for code in range(256))
UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Folded:
    """``text`` is the folded form; ``origin[i]`` is where its i-th character comes from.

    ``origin`` has one more entry than ``text``: the length of the original.
    """

    text: str
    origin: Sequence[int]

    def back(self, start: int, end: int) -> tuple[int, int]:
        """The original's offsets of the folded stretch ``[start, end)``, end exclusive."""
        last = self.origin[end - 1]
        stop = end
        while self.origin[stop] == last:  # one original character folded to several
            stop += 1
        return self.origin[start], self.origin[stop]


@lru_cache(maxsize=256)
def fold(text: str) -> Folded:
    """Fold ``text``; the map back is exact for every character."""
    plain = text if text.isascii() else FOREIGN.sub(_one_for_one, text)
    if plain.isascii() and plain.isprintable() and "  " not in plain:
        return Folded(plain, range(len(text) + 1))
    pieces: list[str] = []
    origin: list[int] = []
    at = 0
    for match in (SPACING if plain.isascii() else FOLDABLE).finditer(plain):
        pieces.append(plain[at : match.start()])
        origin.extend(range(at, match.start()))
        piece = " " if match.group().isspace() else _fold_cluster(match.group())
        pieces.append(piece)
        origin.extend([match.start()] * len(piece))
        at = match.end()
    pieces.append(plain[at:])
    origin.extend(range(at, len(plain) + 1))
    return Folded("".join(pieces), tuple(origin))


def _one_for_one(character: re.Match[str]) -> str:
    return ONE_FOR_ONE.get(character.group(), character.group())


@lru_cache(maxsize=4096)
def _fold_cluster(cluster: str) -> str:
    return unicodedata.normalize("NFC", cluster).translate(FOLDS)


@lru_cache(maxsize=512)
def letters(text: str) -> frozenset[str]:
    """The runs of letters "a" to "z" in ``text``, in lower case ("don't" has "don" and "t").

    A pattern that needs one of a few words is searched for only where one of them is in here.
    """
    plain = text.lower().encode("ascii", "replace")  # bytes are quicker to take apart
    return frozenset(plain.translate(NOT_A_LETTER).decode().split())


def legible(value: JsonValue) -> JsonValue:
    """``value`` with every unwanted character in its strings replaced, fit to be stored."""
    if isinstance(value, str):
        return value if value.isprintable() else UNWANTED.sub("\ufffd", value)
    if isinstance(value, list):
        return [legible(item) for item in value]
    if isinstance(value, dict):
        return {str(legible(key)): legible(item) for key, item in value.items()}
    return value


def clean(text: str) -> str:
    """``text`` on one line, white space single, without characters that control or do not show."""
    if text.isprintable() and "  " not in text:  # as most are: the only white space is " "
        return text.strip()
    return " ".join(UNWANTED.sub("", text.translate(UNSHOWN)).split())

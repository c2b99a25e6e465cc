"""Does a free statement say only what its evidence says? Digits, names, negation, words."""

import re
from collections.abc import Iterator
from functools import lru_cache

from extractor.normalise.quantity import unsupported_digits
from extractor.rules.modality import is_negated
from extractor.text import fold

WORD = re.compile(r"[^\W\d_]\w*(?:['-]+\w+)*")
JOINT = re.compile(r"[,;:.]|\bbut\b|\band\b")
STEM = 5
NEW_WORDS = 1 / 3
COMMON = frozenset(
    (
        "a an the of in on at to for from by with and or but as that which who is are was were "
        "be been being has have had do does did will would may might can could it its he she "
        "they his her their this these those there than then not no said says up about some all "
        "also into over after before"
    ).split()
)


def statement_problems(statement: str, evidence: str, article: str) -> Iterator[str]:
    """Why ``statement`` says more, or other, than ``evidence``; nothing where it does not.

    Names may come from the whole ``article``, because a statement puts names for pronouns.
    Digits, negation and words may not.
    """
    for figure in unsupported_digits(statement, evidence):
        yield f"figure not in the evidence: {figure}"
    folded, (known, name_stems) = fold(statement).text, _vocabulary(article)
    said = _words(folded)
    for name in _names(folded, said):
        if name not in known and name.removesuffix("'s").removesuffix("'") not in known:
            yield f"name not in the article: {name}"
    if is_negated(folded) and not _has_negation(evidence):
        yield "denies what the evidence does not deny"
    words = [w for w in map(str.lower, said) if w not in COMMON]
    stems = _stems(evidence)
    new = [w for w in words if w[:STEM] not in stems and w[:STEM] not in name_stems]
    if words and len(new) > len(words) * NEW_WORDS:
        yield "words that the evidence does not use"


@lru_cache(maxsize=8)
def _vocabulary(article: str) -> tuple[frozenset[str], frozenset[str]]:
    """All words of the article, and the stems of its names."""
    text = fold(article).text
    words = _words(text)
    return frozenset(words), frozenset(n.lower()[:STEM] for n in _names(text, words))


@lru_cache(maxsize=256)
def _stems(evidence: str) -> frozenset[str]:
    return frozenset(w[:STEM] for w in _words(fold(evidence).text.lower()))


def _has_negation(evidence: str) -> bool:
    folded = fold(evidence).text
    return any(is_negated(part) for part in (folded, *JOINT.split(folded)))


def _words(text: str) -> list[str]:
    return WORD.findall(text)


def _names(text: str, words: list[str]) -> list[str]:
    """Capitalised words that do not merely open the sentence."""
    opens = bool(words) and text.startswith(words[0])
    return [word for word in words[opens:] if word[0].isupper()]

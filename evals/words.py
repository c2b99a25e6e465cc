"""Words and names compared: the same folding on both sides, no model and no stemming."""

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

TYPOGRAPHY = str.maketrans(
    dict.fromkeys("‘’‚‛‹›`´′", "'") | dict.fromkeys("“”„‟«»″", '"') | dict.fromkeys("‐‑‒–—―−", "-")
)
WORD = re.compile(r"\d+(?:[.,:]\d+)*[^\W\d_]*|[^\W\d_]+(?:['’][^\W\d_]+)*")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
ARTICLES = frozenset({"a", "an", "the"})
STOP_WORDS = """
    and or but nor as at by for from in into of on onto out over to under up upon with within is are
    was were be been being am has have had having do does did will would shall should can could may
    might must he him his she her hers it its they them their theirs we us our you your i me my this
    that these those there here which who whom whose what when where while if than then so such also
    just very
"""
TITLE_WORDS = """
    mr mrs ms miss dr prof professor sir dame lord lady rev judge justice gen general brig brigadier
    lt lieutenant col colonel maj major capt captain cmdr commander sgt sergeant adm admiral
    president vice prime minister premier chancellor governor gov mayor senator sen rep secretary
    foreign chief executive chairman chairwoman chair director deputy former spokesman spokeswoman
    spokesperson
"""
STOP = ARTICLES | frozenset(STOP_WORDS.split())
TITLES = ARTICLES | frozenset(TITLE_WORDS.split())
SURNAME_ONLY = 0.5


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """``text`` for comparison: NFKC, case folded, straight quotes and dashes, single spaces."""
    plain = unicodedata.normalize("NFKC", text).translate(TYPOGRAPHY)
    return " ".join(plain.casefold().split())


@lru_cache(maxsize=65536)
def words(text: str) -> tuple[str, ...]:
    """The words of ``text`` in order, possessives and thousands separators removed."""
    found = (re.sub(r"'s?$", "", match.group()) for match in WORD.finditer(folded(text)))
    return tuple(word.replace(",", "") if word[0].isdigit() else word for word in found)


@lru_cache(maxsize=65536)
def content(text: str) -> frozenset[str]:
    """Words that carry content; all words where none does ("is", "may")."""
    every = frozenset(words(text))
    return (every - STOP) or every


def numbers(text: str) -> frozenset[str]:
    """The figures in ``text``, without thousands separators."""
    return frozenset(n.replace(",", "") for n in NUMBER.findall(text))


def token_f1(left: frozenset[str], right: frozenset[str]) -> float:
    """F1 of two sets of words, in [0, 1]; two empty sets are equal."""
    total = len(left) + len(right)
    return 2 * len(left & right) / total if total else 1.0


def containment(left: frozenset[str], right: frozenset[str]) -> float:
    """Share of the smaller set that stands in the larger one, in [0, 1]."""
    smaller = min(len(left), len(right))
    return len(left & right) / smaller if smaller else 0.0


def text_similarity(left: str, right: str) -> float:
    """F1 of the content words of two free texts, in [0, 1]."""
    return token_f1(content(left), content(right))


def hedge_similarity(left: str, right: str) -> float:
    """As free text, or by all words: many hedges are function words ("would", "may")."""
    every = token_f1(frozenset(words(left)), frozenset(words(right)))
    return max(every, text_similarity(left, right))


@lru_cache(maxsize=65536)
def bare_name(name: str) -> tuple[str, ...]:
    """The words of a name without the articles and titles before it; never empty of all words."""
    rest = list(words(name))
    while len(rest) > 1 and rest[0] in TITLES:
        rest.pop(0)
    return tuple(rest)


def name_similarity(left: str, right: str) -> float:
    """1 for equal names, at least .5 for a surname alone, else the F1 of all their words."""
    a, b = bare_name(left), bare_name(right)
    if a == b:
        return 1.0
    overlap = min(token_f1(frozenset(a), frozenset(b)), 0.99)
    surname = min(len(a), len(b)) == 1 and a[-1:] == b[-1:]
    return max(overlap, SURNAME_ONLY) if surname else overlap


@lru_cache(maxsize=65536)
def quote_similarity(left: str, right: str) -> float:
    """Similarity of two quotes by characters after folding, in [0, 1]; symmetric."""
    a, b = sorted((folded(left).strip("\"' "), folded(right).strip("\"' ")))
    return SequenceMatcher(None, a, b, autojunk=False).ratio() if a != b else 1.0

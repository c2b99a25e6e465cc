"""Checks a stored result against its article again, with no model: offsets, words, figures."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError

from extractor.errors import ArticleError
from extractor.grounding import occurrences
from extractor.normalise.quantity import find_quantities, unsupported_digits
from extractor.normalise.time import find_times
from extractor.text import fold
from schemas import Article, Claim, Extraction, Quantity, Span, Time

GAP_WORDS = 3


def verify(extraction: Extraction, article: Article) -> tuple[str, ...]:
    """What in ``extraction`` does not hold against ``article``; empty where everything does.

    Every span must be the text at its offsets; the copied words of each slot must stand in the
    article, up to typography; figures and times must have the values that their words have; a
    statement's figures must stand in its evidence. Problems name claim and slot, and quote no text.
    """
    text = article.text
    if hashlib.sha256(text.encode()).hexdigest() != extraction.article.sha256:
        return ("The result belongs to another text: its sha256 is not this article's.",)
    ids = Counter(claim.id for claim in extraction.claims)
    problems = [f"claim {name}: its id stands {n} times" for name, n in ids.items() if n > 1]
    for claim in extraction.claims:
        found = _problems(claim, text, extraction.article.published_at)
        problems += [f"claim {claim.id}: {problem}" for problem in found]
    problems += [
        f"coverage: the span at {span.start} is not the text there"
        for span in extraction.coverage.uncovered
        if not _holds(text, span)
    ]
    return tuple(problems)


def read_results(data: bytes) -> tuple[Extraction, ...]:
    """The extractions of a file: one JSON object, or several one after the other.

    Raises:
        ArticleError: the bytes hold no extraction.
    """
    try:
        values = list(_values(data.decode("utf-8-sig")))
        results = tuple(Extraction.model_validate(value) for value in values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(map(str, first["loc"]))[:80] or "the whole"
        raise ArticleError(f"It is no extraction ({field}: {first['msg'][:120]}).") from None
    except (ValueError, RecursionError):
        results = ()
    if not results:
        raise ArticleError("It holds no JSON: give what `extract --json` or --out has written.")
    return results


def _values(text: str) -> Iterator[object]:
    decoder, at = json.JSONDecoder(), 0
    while rest := text[at:].lstrip():
        at = len(text) - len(rest)
        value, at = decoder.raw_decode(text, at)
        yield value


def _holds(text: str, span: Span) -> bool:
    return text[span.start : span.end] == span.text


def _problems(claim: Claim, text: str, published_at: datetime | None) -> Iterator[str]:
    spans = {f"evidence {i}": span for i, span in enumerate(claim.evidence, 1)}
    if claim.quote:
        spans["quote"] = claim.quote
    for label, span in spans.items():
        if not _holds(text, span):
            yield f"{label} is not the text at {span.start}-{span.end}"
    evidence = " ".join(span.text for span in claim.evidence)
    for figure in unsupported_digits(claim.statement, evidence):
        yield f"figure of the statement not in the evidence: {figure}"
    yield from _strange_words(claim, text, evidence)
    for number, quantity in enumerate(claim.quantities, 1):
        if not _computes(quantity, claim.evidence, text):
            yield f"quantity {number} is not what its words say"
    if claim.time and not _tells(claim.time, claim.evidence, text, published_at):
        yield "time is not what its words say"


def _strange_words(claim: Claim, text: str, evidence: str) -> Iterator[str]:
    """Slots whose words are not the article's: copies in one piece, a verb's at least in order."""
    copies = {"subject": claim.subject, "object": claim.object, "place": claim.place}
    for number, source in enumerate(claim.sources, 1):
        copies |= {f"source {number}": source.name, f"cue {number}": source.cue}
    folded = fold(text).text
    for label, words in copies.items():
        if words and fold(words).text not in folded:
            yield f"{label} is not in the article"
    for label, words in (("predicate", claim.predicate), ("hedge", claim.hedge)):
        if words and not _in_order(evidence, words):
            yield f"{label} is not in the evidence"


def _in_order(evidence: str, words: str) -> bool:
    """Whether ``words`` stand in ``evidence`` in their order; an adverb or two may lie between."""
    wanted = [re.escape(word) for word in fold(words).text.split()]
    between = rf"(?:(?:n't)?\W+(?:\w+\W+){{0,{GAP_WORDS}}}?)"
    return bool(re.search(between.join(wanted), fold(evidence).text))


def _computes(quantity: Quantity, evidence: tuple[Span, ...], text: str) -> bool:
    """Whether the words stand in the evidence, and have this value there or by themselves."""
    if not any(True for span in evidence for _ in occurrences(span.text, quantity.text)):
        return False
    found = [q for span in evidence for q in find_quantities(text, span.start, span.end)]
    found += find_quantities(quantity.text)
    values = {(q.quantity.value, q.quantity.value_max) for q in found}
    return (quantity.value, quantity.value_max) in values


def _tells(
    time: Time, evidence: tuple[Span, ...], text: str, published_at: datetime | None
) -> bool:
    """Whether the words have this value among the evidence's times, or where they stand."""
    bounds = [(span.start, span.end) for span in evidence]
    bounds += [
        (span.start + start, span.start + end)
        for span in evidence
        for start, end in occurrences(span.text, time.text)
    ]
    return any(
        found.time == time for a, b in bounds for found in find_times(text, published_at, a, b)
    )

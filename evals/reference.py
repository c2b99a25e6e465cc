"""Extractors that bound the scale: three that must score low, and a perfect one made from gold."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import cast

import sentencex  # pyright: ignore[reportMissingTypeStubs]

from evals.dataset import Case, sha256
from evals.gold import GoldClaim, GoldQuantity, GoldTime
from evals.words import words
from schemas import (
    Article,
    ArticleRecord,
    Certainty,
    Claim,
    Coverage,
    Extraction,
    Kind,
    Provenance,
    Quantity,
    Span,
    Status,
    Time,
    Usage,
)

_split = cast("Callable[[str, str], list[str]]", vars(sentencex)["segment"])
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # references are made at no particular time


def sentences(text: str) -> list[Span]:
    """The sentences of ``text``, line by line, with their offsets; blank ones left out."""
    found: list[Span] = []
    at = 0
    for line in text.split("\n"):
        for sentence in _split("en", line):
            start = text.index(sentence.strip(), at)
            at = start + len(sentence.strip())
            found.append(Span(start=start, end=at, text=text[start:at]))
    return [span for span in found if span.text]


def extraction(article: Article, claims: Iterable[Claim], name: str) -> Extraction:
    """``claims`` as the result of a reference extractor called ``name``."""
    return Extraction(
        status=Status.OK,
        article=ArticleRecord(id=article.id, sha256=sha256(article.text)),
        claims=tuple(claims),
        coverage=Coverage(sentences=0, covered=0),
        usage=Usage(),
        provenance=Provenance(
            model=name,
            endpoint="local",
            prompt=name,
            prompt_digest="",
            schema_digest="",
            extractor_version="",
            created_at=EPOCH,
        ),
    )


def nothing(article: Article) -> Extraction:
    """No claims at all."""
    return extraction(article, (), "nothing")


def every_sentence(article: Article) -> Extraction:
    """Each sentence as a claim: its first word as subject, the rest as what is said of it."""
    claims = [sentence_claim(span) for span in sentences(article.text) if words(span.text)]
    return extraction(article, claims, "every-sentence")


def headline(article: Article) -> Extraction:
    """The first sentence of the first line alone."""
    return extraction(article, map(sentence_claim, sentences(article.text)[:1]), "headline")


REFERENCES: Mapping[str, Callable[[Article], Extraction]] = {
    "nothing": nothing,
    "every sentence": every_sentence,
    "headline only": headline,
}


def sentence_claim(span: Span) -> Claim:
    """A whole sentence taken for one event."""
    first, _, rest = span.text.partition(" ")
    return Claim(
        id=hashlib.sha256(f"{span.start}:{span.text}".encode()).hexdigest()[:16],
        kind=Kind.EVENT,
        statement=span.text,
        subject=first,
        predicate=rest,
        evidence=(span,),
    )


def perfect(case: Case) -> Extraction:
    """The preferred gold values of ``case`` as an extraction; it scores 1 everywhere."""
    claims = [as_claim(case.article.text, gold) for gold in case.gold]
    return extraction(case.article, claims, "perfect")


def as_claim(text: str, gold: GoldClaim) -> Claim:
    """The preferred reading of a gold claim.

    Raises:
        ValueError: its quote does not stand in ``text``.
    """
    slots = gold.slots
    quote = slots.quote[0] if slots.quote else None
    return Claim(
        id=gold.id,
        kind=slots.kind[0] if slots.kind else Kind.EVENT,
        statement=gold.statement,
        subject=slots.subject[0] if slots.subject else "",
        predicate=slots.predicate[0] if slots.predicate else "",
        object=slots.object[0] if slots.object else None,
        evidence=gold.evidence[0],
        sources=slots.sources[0] if slots.sources else (),
        quote=_find(text, quote, gold.evidence[0]) if quote else None,
        quantities=tuple(map(_quantity, slots.quantities[0])) if slots.quantities else (),
        time=_time(slots.time[0]) if slots.time else None,
        place=slots.place[0] if slots.place else None,
        hedge=slots.hedge[0] if slots.hedge else None,
        negated=slots.negated,
        certainty=slots.certainty[0] if slots.certainty else Certainty.UNKNOWN,
    )


def _find(text: str, words: str, evidence: Iterable[Span]) -> Span:
    """Where ``words`` stand, in the evidence if they do."""
    inside = [s.start + s.text.index(words) for s in evidence if words in s.text]
    start = inside[0] if inside else text.index(words)
    return Span(start=start, end=start + len(words), text=words)


def _quantity(gold: GoldQuantity) -> Quantity:
    return Quantity.model_validate(gold.model_dump())


def _time(gold: GoldTime | None) -> Time | None:
    return Time.model_validate(gold.model_dump()) if gold else None

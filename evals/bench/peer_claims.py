"""What a peer finds made claims, so that it can be scored as the extractor is.

What it finds becomes claims as favourably as is fair. Whatever it was not asked for comes from the
extractor's own rules, so that what is compared is what was found and not who has more slots:

- An extraction without a place in the article is ungrounded: it is counted and makes no claim.
- Evidence is the sentence, or the sentences, that its place touches. Its text is the statement.
- Subject, predicate and object are one clause of its text, by the extractor's parser: the first
  that asserts something, else the first at all. A teller in the text ("Ann Lee said …") is taken
  out by the extractor's rules before. Where no clause is found, the first word is the subject and
  the rest the predicate, as the reference extractors have it.
- The speaker is the teller if those words stand in the article; kind and reporting word are looked
  up by rule. No other teller is added.
- Figures and times are normalised from its text, else from its attributes, and relative times
  count from the article's date. Certainty is its attribute.
- Kind, negation, hedge, place and quote are read by rule off its text or its place.
- Extractions that say the same at the same place are one claim, as the extractor's own are.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from evals.dataset import Case
from extractor.grounding import occurrences, span_of
from extractor.normalise import find_quantities, find_times
from extractor.rules.attribution import passages
from extractor.rules.kind import kind_of_clause
from extractor.rules.lexicon import kind_of
from extractor.rules.modality import modality
from extractor.rules.place import find_place
from extractor.rules.quotes import find_quotes
from extractor.segment import Document, Sentence, segment
from extractor.syntax import parse
from schemas import Certainty, Claim, Quantity, Source, Span, Time

Bounds = tuple[int, int]


@dataclass(frozen=True)
class Found:
    """An extraction: its text, its place in the article if it has one, and its attributes."""

    text: str
    place: Bounds | None
    attributes: Mapping[str, str]


def every_sentence(case: Case) -> tuple[Found, ...]:
    """The floor: each sentence that can claim something, as if a peer had found just that."""
    sentences = segment(case.article.text, case.article.language).sentences
    return tuple(
        Found(s.span.text, (s.span.start, s.span.end), {}) for s in sentences if s.can_claim
    )


def as_claims(case: Case, found: Iterable[Found]) -> tuple[Claim, ...]:
    """The grounded extractions as claims, each once, in their order."""
    document = segment(case.article.text, case.article.language)
    dated = case.article.published_at or document.date
    claims = [claim for each in found if (claim := _claim(document, each, dated))]
    return tuple({claim.id: claim for claim in claims}.values())


def _claim(document: Document, found: Found, dated: datetime | None) -> Claim | None:
    """The extraction as a claim; None if it touches no sentence of the article."""
    sentences = _touched(document, found.place) if found.place else []
    if not found.place or not sentences or not found.text.strip():
        return None
    text, evidence = document.text, tuple(s.span for s in sentences)
    says = modality(found.text)
    subject, predicate, rest = _clause(found.text)
    quantities, quote = _quantities(found), _quote(text, found.place, evidence)
    draft = Claim(
        id="",
        kind=kind_of_clause(predicate, rest or "", bool(quantities), quote is not None, says),
        statement=found.text,
        subject=subject,
        predicate=predicate,
        object=rest,
        evidence=evidence,
        sources=_sources(text, found, evidence),
        quote=quote,
        quantities=quantities,
        time=_time(found, dated),
        place=find_place(text, [found.place]),
        negated=says.negated,
        certainty=_certainty(found),
        hedge=says.hedge,
        zone=sentences[0].zone,
    )
    identity = hashlib.sha256(draft.model_dump_json().encode()).hexdigest()[:16]
    return draft.model_copy(update={"id": identity})


def _touched(document: Document, place: Bounds) -> list[Sentence]:
    start, end = place
    return [s for s in document.sentences if s.span.start < end and start < s.span.end]


def _clause(text: str) -> tuple[str, str, str | None]:
    """Subject, predicate and object of what ``text`` says, without its teller."""
    told = max(passages(text, 0, len(text)), key=lambda p: p.end - p.start, default=None)
    for words in (text[told.start : told.end] if told else text, text):
        if clauses := parse(words):
            chosen = next((c for c in clauses if c.stands), clauses[0])
            parts = (chosen.subject, chosen.verb, chosen.object)
            subject, predicate, rest = (words[start:end] for start, end in parts)
            return subject, predicate, rest or None
    first, _, rest = text.strip().partition(" ")
    return first, rest, None


def _quantities(found: Found) -> tuple[Quantity, ...]:
    named = found.attributes.get("quantity", "")
    return tuple(q.quantity for q in find_quantities(found.text) or find_quantities(named))


def _time(found: Found, dated: datetime | None) -> Time | None:
    named = found.attributes.get("time", "")
    times = find_times(found.text, dated) or find_times(named, dated)
    return times[0].time if times else None


def _quote(text: str, place: Bounds, evidence: Sequence[Span]) -> Span | None:
    """The longest quotation of the evidence that the extraction's place touches."""
    quotes = find_quotes(text, evidence[0].start, evidence[-1].end)
    touched = [q for q in quotes if q.start < place[1] and place[0] < q.end]
    longest = max(touched, key=lambda q: q.end - q.start, default=None)
    return span_of(text, longest.start, longest.end) if longest else None


def _sources(text: str, found: Found, evidence: Sequence[Span]) -> tuple[Source, ...]:
    """The speaker as the article writes it; none if it does not."""
    place = next(occurrences(text, found.attributes.get("speaker", "")), None)
    if place is None:
        return ()
    name = text[slice(*place)]
    return (Source(name=name, kind=kind_of(name), cue=_cue(text, name, evidence)),)


def _cue(text: str, name: str, evidence: Sequence[Span]) -> str | None:
    """The reporting word that the evidence has for the teller called ``name``."""
    told = (p for span in evidence for p in passages(text, span.start, span.end))
    tellers = (source for passage in told for source in passage.sources)
    return next((t.cue for t in tellers if name in t.name or t.name in name), None)


def _certainty(found: Found) -> Certainty:
    named = found.attributes.get("certainty", "").lower()
    return Certainty(named) if named in list(Certainty) else Certainty.UNKNOWN

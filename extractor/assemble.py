"""From candidates to claims: rules fill and check the slots, ids are given, duplicates go."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from extractor.candidates import Candidate
from extractor.grounding import Stretch, span_of
from extractor.normalise.quantity import LocatedQuantity, find_quantities
from extractor.normalise.time import find_times
from extractor.rules.kind import kind_of_clause
from extractor.rules.modality import Modality, modality
from extractor.rules.place import find_place
from extractor.rules.quotes import find_quotes
from extractor.text import UNWANTED, clean, fold
from schemas import Certainty, Claim, Kind, Origin, Quantity, Source, Time

UNSURE_CUES = re.compile(
    r"^(?:suggest|indicat|estimat|believ|predict|forecast|alleg)", re.IGNORECASE
)
SLOTS = sorted({*Claim.model_fields} - {"id", "evidence", "zone", "filled_by"})
EMPTY = (None, (), False)


def assemble(
    text: str, sha256: str, candidates: Iterable[Candidate], published_at: datetime | None
) -> tuple[Claim, ...]:
    """Claims in the order of the article, each once.

    Args:
        text: the article's text; every span points into it.
        sha256: the text's digest, part of each claim's id.
        candidates: located drafts, in any order.
        published_at: what relative times count from; ``None`` leaves them unresolved.
    """
    claims: dict[tuple[object, ...], Claim] = {}
    for candidate in sorted(candidates, key=lambda c: (c.reach, c.statement)):
        if claim := _claim(text, sha256, candidate, published_at):
            same = _same(claim)
            claims[same] = max(claims.get(same, claim), claim, key=_filled)
    return tuple(claims.values())


def _same(claim: Claim) -> tuple[object, ...]:
    tellers = tuple(s.name.lower() for s in claim.sources)
    return (fold(claim.statement).text.lower().rstrip("."), tellers, claim.negated)


def _filled(claim: Claim) -> int:
    """How much it says: of two that say the same, the fuller one is kept."""
    slots = (claim.object, claim.quote, claim.time, claim.place, claim.hedge)
    return sum(map(bool, slots)) + len(claim.quantities)


def _claim(
    text: str, sha256: str, candidate: Candidate, published_at: datetime | None
) -> Claim | None:
    """The claim; None where a stored fact would hold a control character."""
    words = " ".join(text[a:b] for a, b in candidate.reach)
    begin = candidate.reach[0][0]
    says = modality(words, text[max(0, begin - 10) : begin])
    quantities = _quantities(text, candidate)
    quote = candidate.quote or _quote(text, candidate)
    kind = candidate.kind or kind_of_clause(
        candidate.predicate, candidate.object or "", bool(quantities), quote is not None, says
    )
    content = {
        "kind": kind,
        "statement": clean(candidate.statement),
        "subject": clean(candidate.subject),
        "predicate": clean(candidate.predicate),
        "object": clean(candidate.object) or None if candidate.object else None,
        "evidence": tuple(s.span for s in candidate.sentences),
        "sources": candidate.sources,
        "quote": span_of(text, quote.start, quote.end) if quote else None,
        "quantities": quantities,
        "time": _time(text, candidate, published_at),
        "place": find_place(text, candidate.reach),
        "negated": says.negated if candidate.negated is None else candidate.negated,
        "certainty": _certainty(says, candidate.sources, kind),
        "hedge": says.hedge,
        "zone": candidate.sentences[0].zone,
    }
    draft = Claim.model_validate({"id": "", "filled_by": _origins(candidate, content), **content})
    told = draft.model_dump_json(exclude={"id", "filled_by"})
    if UNWANTED.search(told):
        return None
    return draft.model_copy(update={"id": _identity(sha256, told)})


def _identity(sha256: str, content: str) -> str:
    """A stable name: the same article, evidence and content give the same id."""
    return hashlib.sha256(f"{sha256}\n{content}".encode()).hexdigest()[:16]


def _origins(candidate: Candidate, content: Mapping[str, object]) -> dict[str, Origin]:
    """Slots named in the candidate keep their origin; other filled ones come from rules."""
    given, rule = candidate.origins, Origin.RULE
    return {slot: given.get(slot, rule) for slot in SLOTS if content[slot] not in EMPTY}


def _certainty(says: Modality, sources: tuple[Source, ...], kind: Kind) -> Certainty:
    """As the innermost source presents it: its own cue may hedge ("suggested")."""
    cue = sources[-1].cue if sources else None
    if says.certainty is Certainty.CERTAIN and cue and UNSURE_CUES.match(cue):
        return Certainty.PROBABLE
    if says.certainty is Certainty.CERTAIN and kind is Kind.PREDICTION:
        return Certainty.PROBABLE
    return says.certainty


def _quantities(text: str, candidate: Candidate) -> tuple[Quantity, ...]:
    found: list[LocatedQuantity] = []
    for start, end in candidate.reach:
        found += find_quantities(text, start, end)
    return tuple({(q.start, q.end): q.quantity for q in found}.values())


def _time(text: str, candidate: Candidate, published_at: datetime | None) -> Time | None:
    """The clause's own time, else one that its passage opens with ("On Thursday, ...")."""
    stretches = [*candidate.reach, (candidate.lead, candidate.reach[0][0])]
    times = [t for a, b in stretches if a < b for t in find_times(text, published_at, a, b)]
    return times[0].time if times else None


def _quote(text: str, candidate: Candidate) -> Stretch | None:
    """The quotation that the clause stands in, or that stands in the clause.

    Marks are paired within the whole paragraph's sentences, so that a quote that runs on over
    sentences is kept whole.
    """
    quotes = find_quotes(text, *_paragraph(text, candidate))
    overlapping = [q for q in quotes if any(q.start < b and a < q.end for a, b in candidate.reach)]
    return max(overlapping, key=lambda q: q.end - q.start, default=None)


def _paragraph(text: str, candidate: Candidate) -> tuple[int, int]:
    start, end = candidate.sentences[0].span.start, candidate.sentences[-1].span.end
    left = text.rfind("\n", 0, start) + 1
    right = text.find("\n", end)
    return left, len(text) if right < 0 else right

"""One article's claims against its gold: an outcome for each claim of either side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from evals.align import Pair, align, covered
from evals.dataset import Case
from evals.gold import GoldClaim
from evals.slots import CORE, SLOTS, Grade
from evals.traits import claim_traits, gold_traits, zone_at
from evals.words import content, folded, numbers
from schemas import Claim, Span, Zone


class Verdict(StrEnum):
    """How a claim fared. Optional: matched optional gold, which counts neither way."""

    MATCHED = "matched"
    MISSED = "missed"
    FALSE_ALARM = "false_alarm"
    OPTIONAL = "optional"


@dataclass(frozen=True)
class Outcome:
    """A gold claim, a predicted claim, or both; with a grade for each slot that either fills.

    ``paragraph`` numbers the line of the article; it is what the bootstrap resamples. A false alarm
    that is ``grounded`` says what its evidence says: there the gold may be incomplete.
    """

    verdict: Verdict
    paragraph: int
    traits: frozenset[str]
    grades: Mapping[str, Grade]
    gold: GoldClaim | None = None
    claim: Claim | None = None
    similarity: float = 0.0
    grounded: bool = True

    @property
    def strict(self) -> bool:
        """Matched, with every core slot correct or rightly empty."""
        core = (self.grades.get(slot, Grade.CORRECT) for slot in CORE)
        return self.verdict == Verdict.MATCHED and all(g == Grade.CORRECT for g in core)


@dataclass(frozen=True)
class Quality:
    """What can be said of claims without gold, as counts; ``bloat`` has a ratio for each match."""

    claims: int
    grounded: int
    boilerplate: int
    repeated: int
    bloat: tuple[float, ...]


@dataclass(frozen=True)
class CaseScore:
    """All outcomes of one case."""

    case: str
    group: str
    article: str
    outcomes: tuple[Outcome, ...]
    quality: Quality


def score_case(case: Case, claims: Sequence[Claim]) -> CaseScore:
    """Score ``claims`` against the gold of ``case``."""
    text = case.article.text
    pairs = align(text, claims, case.gold)
    found = {pair.gold.id for pair in pairs}
    missed = [g for g in case.gold if g.id not in found and not g.optional]
    false_alarms = list(claims)
    for pair in pairs:
        false_alarms.remove(pair.claim)
    outcomes = [
        *(_matched(case, pair) for pair in pairs),
        *(_missed(case, gold) for gold in missed),
        *(_false_alarm(case, claim) for claim in false_alarms),
    ]
    outcomes.sort(key=lambda o: (o.paragraph, o.gold.id if o.gold else "~", _claim_key(o.claim)))
    return CaseScore(case.id, case.group, case.path, tuple(outcomes), _quality(case, claims, pairs))


def _claim_key(claim: Claim | None) -> str:
    return f"{claim.evidence[0].start:09}{claim.model_dump_json()}" if claim else ""


def _matched(case: Case, pair: Pair) -> Outcome:
    start = pair.gold.evidence[0][0].start
    return Outcome(
        Verdict.OPTIONAL if pair.gold.optional else Verdict.MATCHED,
        paragraph(case.article.text, start),
        gold_traits(pair.gold, zone_at(case.zones, start)),
        grades(case.article.text, pair.claim, pair.gold),
        pair.gold,
        pair.claim,
        pair.similarity,
    )


def _missed(case: Case, gold: GoldClaim) -> Outcome:
    start = gold.evidence[0][0].start
    accepted = {name: slot.accepted(gold.slots) for name, slot in SLOTS.items()}
    missing = {name: Grade.MISSING for name, values in accepted.items() if _required(values)}
    traits = gold_traits(gold, zone_at(case.zones, start))
    return Outcome(Verdict.MISSED, paragraph(case.article.text, start), traits, missing, gold=gold)


def _required(values: Sequence[object]) -> bool:
    return bool(values) and None not in values


def _false_alarm(case: Case, claim: Claim) -> Outcome:
    start = claim.evidence[0].start
    filled = {name: Grade.SPURIOUS for name, slot in SLOTS.items() if slot.predicted(claim)}
    traits = claim_traits(claim, zone_at(case.zones, start))
    return Outcome(
        Verdict.FALSE_ALARM,
        paragraph(case.article.text, start),
        traits,
        filled,
        claim=claim,
        grounded=grounded(case.article.text, claim),
    )


def grades(text: str, claim: Claim, gold: GoldClaim) -> dict[str, Grade]:
    """The grade of every slot that is scored and filled; a quote must also stand in ``text``."""
    found = {name: slot.grade(claim, gold.slots) for name, slot in SLOTS.items()}
    graded = {name: grade for name, grade in found.items() if grade is not None}
    if graded.get("quote") == Grade.CORRECT and claim.quote and not stands(text, claim.quote):
        graded["quote"] = Grade.PARTIAL
    return graded


def paragraph(text: str, offset: int) -> int:
    """Number of the line in which ``offset`` stands, from 0."""
    return text.count("\n", 0, offset)


def stands(text: str, span: Span) -> bool:
    """True if the span's words stand where it says."""
    return text[span.start : span.end] == span.text


def grounded(text: str, claim: Claim) -> bool:
    """True if all spans stand in ``text`` and all figures of the statement in its evidence."""
    spans = [*claim.evidence, *([claim.quote] if claim.quote else [])]
    shown = numbers(" ".join(span.text for span in spans))
    told = numbers(" ".join([claim.statement, *(q.text for q in claim.quantities)]))
    return all(stands(text, span) for span in spans) and told <= shown


def _quality(case: Case, claims: Sequence[Claim], pairs: Sequence[Pair]) -> Quality:
    text = case.article.text
    return Quality(
        claims=len(claims),
        grounded=sum(grounded(text, claim) for claim in claims),
        boilerplate=sum(_in_boilerplate(case, claim) for claim in claims),
        repeated=len(claims) - len({_said(claim) for claim in claims}),
        bloat=tuple(sorted(_bloat(text, pair) for pair in pairs)),
    )


def _in_boilerplate(case: Case, claim: Claim) -> bool:
    return any(
        zone == Zone.BOILERPLATE and span.start < end and start < span.end
        for start, end, zone in case.zones
        for span in claim.evidence
    )


def _said(claim: Claim) -> tuple[object, ...]:
    """What a claim says, wherever it stands: two claims with equal keys are one said twice."""
    phrases = (claim.subject, claim.predicate, claim.object or "")
    figures = tuple((q.value, q.value_max, q.unit) for q in claim.quantities)
    quote = folded(claim.quote.text) if claim.quote else None
    tellers = tuple(folded(source.name) for source in claim.sources)
    return (*map(content, phrases), claim.negated, figures, quote, tellers, claim.time)


def _bloat(text: str, pair: Pair) -> float:
    """Words of the predicted evidence for each word of the nearest gold evidence."""
    mine = covered(text, pair.claim.evidence)
    golds = [covered(text, spans) for spans in pair.gold.evidence]
    nearest = max(golds, key=lambda g: len(mine & g) / max(len(mine | g), 1))
    return len(mine) / max(len(nearest), 1)

"""What sort of claim it is, for reports by slice; the same questions put to either side."""

from collections.abc import Iterator, Sequence

from evals.gold import GoldClaim, GoldSlots
from evals.words import folded
from schemas import Claim, Kind, Source, Zone

Region = tuple[int, int, Zone]

PRONOUNS = frozenset({"he", "she", "they", "it", "one", "i", "we"})
VOICES = ("direct", "mixed", "indirect", "unattributed")


def zone_at(regions: Sequence[Region], offset: int) -> Zone:
    """The zone in which ``offset`` lies; body where no region holds it."""
    return next((zone for start, end, zone in regions if start <= offset < end), Zone.BODY)


def gold_traits(claim: GoldClaim, zone: Zone) -> frozenset[str]:
    """Traits of a gold claim: its labellers' tags first, else its preferred values."""
    slots, tags = claim.slots, frozenset(claim.tags)
    tellers = slots.sources[0] if slots.sources else ()
    kind = slots.kind[0] if slots.kind else None
    quoted = bool(slots.quote and slots.quote[0])
    voice = next((v for v in VOICES if v in tags), _voice(tellers, quoted, kind))
    traits = {f"voice={voice}", f"zone={zone}", *_filled(slots), *_tellers(tellers)}
    return frozenset(traits | ({f"kind={kind}"} if kind else set[str]()))


def claim_traits(claim: Claim, zone: Zone) -> frozenset[str]:
    """Traits of a predicted claim."""
    voice = _voice(claim.sources, claim.quote is not None, claim.kind)
    asked = {
        "quantity": claim.quantities,
        "time": claim.time,
        "hedged": claim.hedge,
        "negated": claim.negated,
    }
    filled = {name for name, value in asked.items() if value}
    said = {f"voice={voice}", f"kind={claim.kind}", f"zone={zone}"}
    return frozenset(said | filled | set(_tellers(claim.sources)))


def _filled(slots: GoldSlots) -> set[str]:
    lists = {"quantity": slots.quantities, "time": slots.time, "hedged": slots.hedge}
    filled = {name for name, accepted in lists.items() if accepted and accepted[0]}
    return filled | ({"negated"} if slots.negated else set[str]())


def _voice(tellers: Sequence[Source], quoted: bool, kind: Kind | None) -> str:
    """Direct: the quote is the claim. Mixed: quoted words inside a report."""
    if quoted:
        return "direct" if kind == Kind.QUOTE else "mixed"
    return "indirect" if tellers else "unattributed"


def _tellers(tellers: Sequence[Source]) -> Iterator[str]:
    if len(tellers) > 1:
        yield "nested"
    if any(folded(teller.name) in PRONOUNS for teller in tellers):
        yield "pronoun speaker"

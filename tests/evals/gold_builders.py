"""A small invented article, claims about it, and gold made from claims."""

from pathlib import Path

from evals.dataset import Case, sha256
from evals.gold import GoldArticle, GoldClaim, GoldQuantity, GoldSlots, GoldTime
from schemas import (
    Article,
    Certainty,
    Claim,
    Comparator,
    Kind,
    Quantity,
    Source,
    SourceKind,
    Span,
    Time,
    TimeBasis,
    Zone,
)

HEADLINE = "Dam bursts above Corran"
FLOOD = (
    "The Corran dam burst on Tuesday and flooded the lower town, Mayor Ada Finch told reporters."
)
TOLL = "Up to 7,500 residents have not returned to the valley, according to the Red Crescent."
CALL = "Finch said: “Stay away from the river until the water falls.”"
MILL = "Closing the mill would cost the valley 900 jobs."
NOTICE = "Thank you for registering."
TEXT = "\n\n".join([HEADLINE, FLOOD, TOLL, CALL, MILL, NOTICE])
QUOTE = "Stay away from the river until the water falls."

FINCH = Source(name="Mayor Ada Finch", kind=SourceKind.NAMED_PERSON, cue="told")
CRESCENT = Source(name="the Red Crescent", kind=SourceKind.ORGANISATION, cue="according to")


def span(words: str, text: str = TEXT) -> Span:
    start = text.index(words)
    return Span(start=start, end=start + len(words), text=words)


def claim(name: str, sentence: str, saying: tuple[str, str, str | None], **slots) -> Claim:
    subject, predicate, what = saying
    given = {"kind": Kind.EVENT, "certainty": Certainty.CERTAIN, "evidence": (span(sentence),)}
    return Claim(
        id=name,
        statement=" ".join(part for part in saying if part) + ".",
        subject=subject,
        predicate=predicate,
        object=what,
        **(given | slots),
    )


RESIDENTS = Quantity(
    text="Up to 7,500 residents", comparator=Comparator.AT_MOST, value=7500, unit="residents"
)
JOBS = Quantity(text="900 jobs", comparator=Comparator.EXACT, value=900, unit="jobs")
TUESDAY = Time(text="Tuesday", value="2017-06-13", basis=TimeBasis.PUBLISHED_AT)

BURST = claim("burst", FLOOD, ("The Corran dam", "burst", None), sources=(FINCH,), time=TUESDAY)
FLOODED = claim("flooded", FLOOD, ("The Corran dam", "flooded", "the lower town"), sources=(FINCH,))
RETURN = claim(
    "return",
    TOLL,
    ("residents", "returned", "to the valley"),
    sources=(CRESCENT,),
    quantities=(RESIDENTS,),
    negated=True,
)
STAY = claim(
    "stay",
    CALL,
    ("Finch", "said", "Stay away from the river"),
    kind=Kind.QUOTE,
    sources=(Source(name="Finch", kind=SourceKind.NAMED_PERSON, cue="said"),),
    quote=span(QUOTE),
)
COST = claim(
    "cost",
    MILL,
    ("Closing the mill", "cost", "the valley 900 jobs"),
    kind=Kind.PREDICTION,
    quantities=(JOBS,),
    certainty=Certainty.PROBABLE,
    hedge="would",
)
CLAIMS = (BURST, FLOODED, RETURN, STAY, COST)


def gold_of(claim: Claim, **changes) -> GoldClaim:
    """Gold that accepts this one reading alone."""
    slots = GoldSlots(
        kind=(claim.kind,),
        subject=(claim.subject,),
        predicate=(claim.predicate,),
        object=(claim.object,),
        sources=(claim.sources,),
        quote=(claim.quote and claim.quote.text,),
        quantities=(tuple(GoldQuantity(**q.model_dump()) for q in claim.quantities),),
        time=(GoldTime(**claim.time.model_dump()) if claim.time else None,),
        place=(claim.place,),
        hedge=(claim.hedge,),
        negated=claim.negated,
        certainty=(claim.certainty,),
    )
    given = {"id": claim.id, "statement": claim.statement, "evidence": (claim.evidence,)}
    return GoldClaim(slots=slots, **(given | changes))


def case_of(gold, text: str = TEXT, name: str = "dam") -> Case:
    at = text.find(NOTICE)
    zones = ((at, at + len(NOTICE), Zone.BOILERPLATE),) if at >= 0 else ()
    path = f"evals/written/{name}.json"
    return Case(name, "written", path, Article(id=name, text=text), tuple(gold), zones)


CASE = case_of(map(gold_of, CLAIMS))


def gold_file(root, gold=CASE.gold, text: str = TEXT, **changes) -> Path:
    """Write an article and its gold below ``root``; return the gold's folder."""
    folder = root / "evals" / "gold"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "seeds").mkdir(exist_ok=True)
    (root / "seeds" / "dam.txt").write_bytes(text.encode())
    (root / "prompts").mkdir(exist_ok=True)
    article = gold_article(gold, text).model_copy(update=changes)
    (folder / f"{article.id}.json").write_text(article.model_dump_json(indent=1))
    return folder


def gold_article(gold=CASE.gold, text: str = TEXT, annotator: str = "a") -> GoldArticle:
    return GoldArticle(
        id="dam",
        article="seeds/dam.txt",
        sha256=sha256(text),
        published_at=None,
        guidelines="1",
        annotators=(annotator,),
        claims=tuple(gold),
        boilerplate=(span(NOTICE),) if NOTICE in text else (),
    )

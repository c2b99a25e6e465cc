from datetime import UTC, datetime

import pytest

from extractor.errors import ArticleError
from extractor.verify import read_results, verify
from schemas import (
    Article,
    ArticleRecord,
    Claim,
    Comparator,
    Coverage,
    Extraction,
    Kind,
    Provenance,
    Quantity,
    Source,
    SourceKind,
    Span,
    Status,
    Time,
    TimeBasis,
    Usage,
)

# Invented.
TOLD = "Mayor Jane Example said on Monday that up to 7,500 people had reportedly left Samplestadt."
QUOTED = "“We will… rebuild,” she said."
DENIED = "The river isn’t rising."
ARTICLE = Article(text=f"{TOLD}\n\n{QUOTED}\n\n{DENIED}\n")


def span(words: str) -> Span:
    start = ARTICLE.text.index(words)
    return Span(start=start, end=start + len(words), text=words)


CLAIM = Claim(
    id="1",
    kind=Kind.EVENT,
    statement="Up to 7500 people had reportedly left Samplestadt.",
    subject="up to 7,500 people",
    predicate="had left",
    object="Samplestadt",
    evidence=(span(TOLD),),
    sources=(Source(name="Mayor Jane Example", kind=SourceKind.NAMED_PERSON, cue="said"),),
    quantities=(
        Quantity(
            text="up to 7,500 people", comparator=Comparator.AT_MOST, value=7500, unit="people"
        ),
    ),
    time=Time(text="Monday", value="2021-03-01", basis=TimeBasis.PUBLISHED_AT),
    place="Samplestadt",
    hedge="reportedly",
)
QUOTE = Claim(
    id="2",
    kind=Kind.QUOTE,
    statement="We will... rebuild.",
    subject="We",
    predicate="will... rebuild",
    evidence=(span(QUOTED),),
    quote=span("We will… rebuild,"),
)


def result(*claims: Claim, sha256: str | None = None, uncovered: tuple[Span, ...] = ()):
    import hashlib

    digest = sha256 or hashlib.sha256(ARTICLE.text.encode()).hexdigest()
    published = datetime(2021, 3, 3, tzinfo=UTC)
    return Extraction(
        status=Status.OK,
        article=ArticleRecord(id="a", sha256=digest, published_at=published),
        claims=claims,
        coverage=Coverage(sentences=2, covered=2, uncovered=uncovered),
        usage=Usage(),
        provenance=Provenance(
            model="m",
            endpoint="local",
            prompt="p",
            prompt_digest="d",
            schema_digest="s",
            extractor_version="0",
            created_at=published,
        ),
    )


def test_a_sound_result_has_no_problems():
    assert verify(result(CLAIM, QUOTE), ARTICLE) == ()


def test_a_verb_may_have_lost_its_short_not():
    spoken = {"statement": DENIED, "subject": "The river", "predicate": "is rising"}
    denied = Claim(id="3", kind=Kind.EVENT, evidence=(span(DENIED),), negated=True, **spoken)
    assert verify(result(denied), ARTICLE) == ()


MOVED = Span(start=3, end=11, text=TOLD[:8])
TAMPERED = {
    "evidence 1 is not the text": {"evidence": (MOVED, span(TOLD))},
    "quote is not the text": {"quote": MOVED},
    "figure of the statement": {"statement": "Up to 7,000 people had left Samplestadt."},
    "subject is not": {"subject": "up to 7,500 militants"},
    "predicate is not": {"predicate": "left had"},
    "object is not": {"object": "Othertown"},
    "place is not": {"place": "in Samplestadt"},
    "hedge is not": {"hedge": "allegedly"},
    "source 1 is not": {"sources": (Source(name="John Example", kind=SourceKind.NAMED_PERSON),)},
    "cue 1 is not": {
        "sources": (Source(name="Jane", kind=SourceKind.NAMED_PERSON, cue="claimed"),)
    },
    "quantity 1 is not": {
        "quantities": (Quantity(text="7,500", comparator=Comparator.EXACT, value=75000),)
    },
    "time is not": {"time": Time(text="Monday", value="2021-03-02", basis=TimeBasis.PUBLISHED_AT)},
}


@pytest.mark.parametrize("told", TAMPERED)
def test_every_slot_that_does_not_hold_is_named(told):
    (problem,) = verify(result(CLAIM.model_copy(update=TAMPERED[told])), ARTICLE)
    assert problem.startswith(f"claim 1: {told}")


def test_a_figure_that_is_cut_out_of_another_is_no_figure_of_the_article():
    cut = Quantity(text="500 people", comparator=Comparator.EXACT, value=500, unit="people")
    assert verify(result(CLAIM.model_copy(update={"quantities": (cut,)})), ARTICLE)


def test_ids_are_unique():
    assert verify(result(CLAIM, CLAIM), ARTICLE) == ("claim 1: its id stands 2 times",)


def test_uncovered_spans_are_checked():
    assert "coverage" in verify(result(uncovered=(MOVED,)), ARTICLE)[0]


def test_another_text_is_told_by_its_hash():
    (problem,) = verify(result(CLAIM, sha256="0" * 64), ARTICLE)
    assert "sha256" in problem


@pytest.mark.parametrize("indent", [None, 2])
def test_results_are_read_one_or_many_to_a_file(indent):
    lines = "\n".join(r.model_dump_json(indent=indent) for r in (result(CLAIM), result(QUOTE)))
    assert read_results(lines.encode()) == (result(CLAIM), result(QUOTE))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[1", b"\xff", b"[" * 100_000, b'{"status": "good"}']
)
def test_what_is_no_result_is_refused(data):
    with pytest.raises(ArticleError):
        read_results(data)

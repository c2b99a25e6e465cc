import pytest
from gold_builders import BURST, CLAIMS, COST, FINCH, JOBS, STAY, TEXT, gold_of

from evals.gold import GoldSlots, GoldTime
from evals.score import grades
from evals.slots import SLOTS, Grade, figure_similarity
from schemas import Comparator, Kind, Quantity, Source, SourceKind, Span, Time, TimeBasis


def figure(value=7500, comparator="at_most", unit="militants", value_max=None, text="x"):
    return Quantity(text=text, comparator=comparator, value=value, value_max=value_max, unit=unit)


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        (figure(), 1.0),
        (figure(value=75000), 0.0),
        (figure(comparator="exact"), 0.5),
        (figure(comparator="at_least"), 0.0),
        (figure(unit=None), 0.5),
        (figure(unit="militant"), 1.0),
        (figure(unit="tonnes"), 0.0),
        (figure(value=None, comparator="vague"), 0.0),
    ],
)
def test_figures(predicted, expected):
    assert figure_similarity(predicted, figure()) == expected
    assert figure_similarity(figure(), predicted) == expected


def test_an_end_of_the_range_is_half_right():
    whole = figure(40, Comparator.RANGE, "people", 55)
    assert figure_similarity(figure(55, Comparator.EXACT, "people"), whole) == 0.5
    assert figure_similarity(figure(50, Comparator.EXACT, "people"), whole) == 0.0


def test_figures_without_a_value_compare_by_their_words():
    vague = figure(None, Comparator.VAGUE, "civilians", text="hundreds of civilians")
    assert figure_similarity(vague, vague) == 1.0


def change(claim, **slots):
    return claim.model_copy(update=slots)


@pytest.mark.parametrize(
    ("claim", "changed", "slot", "grade"),
    [
        (BURST, {"subject": "Corran dam"}, "subject", Grade.CORRECT),
        (BURST, {"subject": "The bridge"}, "subject", Grade.INCORRECT),
        (BURST, {"object": "yesterday"}, "object", Grade.SPURIOUS),
        (BURST, {"sources": ()}, "speaker", Grade.MISSING),
        (BURST, {"time": None}, "time", Grade.MISSING),
        (BURST, {"kind": Kind.STATE}, "kind", Grade.INCORRECT),
        (COST, {"kind": Kind.ASSESSMENT}, "kind", Grade.PARTIAL),
        (COST, {"quantities": ()}, "quantities", Grade.MISSING),
        (COST, {"quantities": (JOBS, JOBS)}, "quantities", Grade.PARTIAL),
        (COST, {"place": "the valley"}, "place", Grade.SPURIOUS),
        (COST, {"hedge": "would likely"}, "hedge", Grade.PARTIAL),
    ],
)
def test_grades(claim, changed, slot, grade):
    gold = gold_of(claim)
    assert SLOTS[slot].grade(change(claim, **changed), gold.slots) == grade


def test_surname_alone_is_partial_and_another_name_incorrect():
    gold = gold_of(BURST).slots
    surname = Source(name="Finch", kind=SourceKind.NAMED_PERSON, cue="told")
    other = Source(name="Bo Marsh", kind=SourceKind.NAMED_PERSON, cue="told")
    speaker = SLOTS["speaker"]
    assert speaker.grade(change(BURST, sources=(surname,)), gold) == Grade.PARTIAL
    assert speaker.grade(change(BURST, sources=(other,)), gold) == Grade.INCORRECT


def test_nested_tellers_must_stand_in_order():
    inner = Source(name="intelligence", kind=SourceKind.INTELLIGENCE, cue="suggested")
    nested = change(BURST, sources=(FINCH, inner))
    gold = gold_of(nested).slots
    speaker = SLOTS["speaker"]
    assert speaker.grade(nested, gold) == Grade.CORRECT
    assert speaker.grade(change(BURST, sources=(inner, FINCH)), gold) == Grade.PARTIAL
    assert speaker.grade(change(BURST, sources=(inner,)), gold) == Grade.PARTIAL


def test_unscored_slots_get_no_grade():
    gold = GoldSlots(kind=(), subject=(), predicate=("burst",), sources=(), quote=(), time=())
    graded = {name for name, slot in SLOTS.items() if slot.grade(BURST, gold)}
    assert graded == {"predicate"}


def test_an_optional_value_may_be_left_out():
    gold = gold_of(BURST).slots.model_copy(update={"place": ("Corran", None)})
    assert SLOTS["place"].grade(BURST, gold) is None
    assert SLOTS["place"].grade(change(BURST, place="Corran"), gold) == Grade.CORRECT


def test_a_quote_that_does_not_stand_in_the_article_is_at_most_partial():
    text = STAY.quote.text
    moved = change(STAY, quote=Span(start=0, end=len(text), text=text))
    article = "x" * 1000
    assert grades(article, moved, gold_of(STAY))["quote"] == Grade.PARTIAL


def test_an_unresolved_time_is_no_resolved_one():
    gold = gold_of(BURST).slots
    open_ended = change(BURST, time=Time(text="Tuesday", basis=TimeBasis.UNRESOLVED))
    assert SLOTS["time"].grade(open_ended, gold) == Grade.INCORRECT
    unresolved = gold.model_copy(
        update={"time": (GoldTime(text="on Tuesday", basis=TimeBasis.UNRESOLVED),)}
    )
    assert SLOTS["time"].grade(open_ended, unresolved) == Grade.CORRECT
    assert SLOTS["time"].grade(BURST, unresolved) == Grade.INCORRECT


def test_identity_is_correct_in_every_filled_slot():
    for claim in CLAIMS:
        assert set(grades(TEXT, claim, gold_of(claim)).values()) == {Grade.CORRECT}

"""What any scorer of claims must do, and what each mutation of a perfect answer must move."""

from dataclasses import replace

import numpy as np
import pytest
from gold_builders import (
    BURST,
    CALL,
    CASE,
    CLAIMS,
    CRESCENT,
    FLOOD,
    FLOODED,
    HEADLINE,
    MILL,
    NOTICE,
    RETURN,
    STAY,
    TEXT,
    TOLL,
    case_of,
    claim,
    gold_of,
    span,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.align import align
from evals.metrics import count, intervals, metrics, slices, summary
from evals.reference import every_sentence, headline, nothing, perfect
from evals.score import Verdict, score_case
from schemas import Comparator, Quantity, Span

FAMILIES = ("", "strict_", "slot_", "attribution_", "macro_")
RATES = [f"{family}{rate}" for family in FAMILIES for rate in ("precision", "recall", "f1")] + [
    "grounding"
]


def scored(claims, case=CASE):
    return summary([score_case(case, claims)])


def change(claim, **slots):
    return claim.model_copy(update=slots)


def test_identity_scores_one_everywhere():
    values = scored(CLAIMS)
    assert {name: values[name] for name in RATES} == dict.fromkeys(RATES, 1.0)
    assert values["duplicate_rate"] == values["boilerplate_claims"] == 0
    assert values["evidence_bloat"] == 1


def test_swapping_sides_swaps_precision_and_recall():
    some, others = (BURST, RETURN, COST2, STAY), (BURST, RETURN)
    forth = scored(others, case_of(map(gold_of, some)))
    back = scored(some, case_of(map(gold_of, others)))
    for name in ("", "strict_", "slot_", "attribution_"):
        assert forth[f"{name}precision"] == back[f"{name}recall"]
        assert forth[f"{name}recall"] == back[f"{name}precision"]
        assert forth[f"{name}f1"] == back[f"{name}f1"]
    assert forth["recall"] == 0.5


COST2 = claim("c2", MILL, ("Closing the mill", "cost", "jobs"))


@given(st.permutations(CLAIMS), st.permutations(CASE.gold))
def test_order_does_not_matter(claims, gold):
    assert scored(claims, replace(CASE, gold=tuple(gold))) == scored(CLAIMS)


def test_two_empty_sides_score_one_and_one_empty_side_zero():
    empty = case_of(())
    assert scored((), empty)["f1"] == scored((), empty)["precision"] == 1
    for values in (scored((), CASE), scored(CLAIMS, empty)):
        assert values["precision"] == values["recall"] == values["f1"] == values["slot_f1"] == 0


def test_optional_gold_is_neutral_found_or_not():
    required = [gold_of(c) for c in CLAIMS if c is not FLOODED]
    case = case_of([*required, gold_of(FLOODED, optional=True)])
    without = tuple(c for c in CLAIMS if c is not FLOODED)
    assert scored(without, case) == scored(without, case_of(required))
    found = scored(CLAIMS, case)
    assert [found[n] for n in ("precision", "recall", "f1", "slot_f1")] == [1.0] * 4


@pytest.mark.parametrize("k", range(len(CLAIMS) + 1))
def test_dropping_k_of_n(k):
    n = len(CLAIMS)
    assert scored(CLAIMS[k:])["recall"] == pytest.approx((n - k) / n, abs=1e-6)


def test_duplicating_everything_halves_precision():
    twice = [*CLAIMS, *(change(c, id=f"{c.id}-again") for c in CLAIMS)]
    values = scored(twice)
    assert values["precision"] == 0.5
    assert values["recall"] == 1
    assert values["duplicate_rate"] == 0.5


def test_all_gold_glued_into_one_claim_matches_at_most_one():
    glued = change(
        BURST,
        object=" ".join(filter(None, (f"{c.predicate} {c.object or ''}" for c in CLAIMS))),
        evidence=tuple(span(s) for s in (FLOOD, TOLL, CALL, MILL)),
    )
    assert scored([glued])["recall"] <= 1 / len(CLAIMS)


def test_whole_article_evidence_never_raises_a_score():
    whole = span(TEXT)
    wide = scored([change(c, evidence=(whole,)) for c in CLAIMS])
    narrow = scored(CLAIMS)
    assert all(wide[name] <= narrow[name] for name in RATES)
    assert wide["evidence_bloat"] > 1.5
    assert wide["boilerplate_claims"] == len(CLAIMS)


def test_two_claims_of_one_sentence_are_never_crossed():
    gold = [gold_of(BURST), gold_of(FLOODED)]
    pairs = align(TEXT, [FLOODED, BURST], gold)
    assert [(p.claim.id, p.gold.id) for p in pairs] == [("burst", "burst"), ("flooded", "flooded")]
    assert align(TEXT, [BURST], [gold_of(FLOODED)]) == ()
    assert align(TEXT, [FLOODED], [gold_of(BURST)]) == ()


def test_neighbours_with_the_same_subject_or_the_same_words_are_not_crossed():
    said = ("Finch", "opened", "the bridge")
    same_subject = ("Finch", "closed", "two schools")
    same_words = ("Marsh", "opened", "the bridge")
    for other in (same_subject, same_words):
        assert align(TEXT, [claim("a", FLOOD, said)], [gold_of(claim("b", FLOOD, other))]) == ()


def test_a_pronoun_is_no_stranger():
    named, pronoun = ("Finch", "opened", "the bridge"), ("She", "opened", "the bridge")
    assert align(TEXT, [claim("a", FLOOD, pronoun)], [gold_of(claim("b", FLOOD, named))])


def test_a_passive_is_the_same_claim():
    active = claim("a", FLOOD, ("the guards", "opened", "the gate at dawn"), sources=(CRESCENT,))
    passive = change(active, subject="the gate", predicate="opened", object="at dawn by the guards")
    assert align(TEXT, [passive], [gold_of(active)])


def test_evidence_elsewhere_never_matches():
    assert align(TEXT, [change(BURST, evidence=(span(MILL),))], [gold_of(BURST)]) == ()


def test_any_acceptable_evidence_set_will_do():
    restated = gold_of(BURST, evidence=((span(FLOOD),), (span(HEADLINE),)))
    values = scored([change(BURST, evidence=(span(HEADLINE),))], case_of([restated]))
    assert values["f1"] == values["evidence_bloat"] == 1


def test_a_flipped_negation_never_matches():
    values = scored([change(RETURN, negated=False)], case_of([gold_of(RETURN)]))
    assert values["precision"] == values["recall"] == 0


def test_a_claim_on_boilerplate_is_counted():
    thanks = claim("thanks", NOTICE, ("you", "registering", None))
    assert scored([*CLAIMS, thanks])["boilerplate_claims"] == 1


def test_a_false_alarm_and_a_miss_are_named():
    outcomes = score_case(CASE, [*CLAIMS[1:], COST2]).outcomes
    found = {o.verdict: (o.gold and o.gold.id, o.claim and o.claim.id) for o in outcomes}
    assert found[Verdict.MISSED] == ("burst", None)
    assert found[Verdict.FALSE_ALARM] == (None, "c2")


# Each mutation of one claim in a perfect answer, and exactly the metrics that it moves.

DETECTION = {"precision", "recall", "f1"} | {f"macro_{n}" for n in ("precision", "recall", "f1")}
RECALL = {"recall", "f1", "macro_recall", "macro_f1"}
STRICT = {"strict_precision", "strict_recall", "strict_f1"}
STRICT_RECALL = {"strict_recall", "strict_f1"}
SLOTS = {"slot_precision", "slot_recall", "slot_f1"}
TELLER = {"attribution_precision", "attribution_recall", "attribution_f1"}

TEN_TIMES = Quantity(
    text="Up to 75,000 residents", comparator=Comparator.AT_MOST, value=75000, unit="residents"
)
LOST = Quantity(text="7,500 residents", comparator=Comparator.EXACT, value=7500, unit="residents")
HALF = span("Up to 7,500 residents have not returned")
MUTATIONS = {
    "drop": (
        [],
        RECALL | STRICT_RECALL | {"slot_recall", "slot_f1", "attribution_recall", "attribution_f1"},
    ),
    "trim the evidence": ([change(RETURN, evidence=(HALF,))], set()),
    "trim the object": ([change(RETURN, object=None)], STRICT | {"slot_recall", "slot_f1"}),
    "change a digit": ([change(RETURN, quantities=(TEN_TIMES,))], STRICT | SLOTS | {"grounding"}),
    "lose a comparator": ([change(RETURN, quantities=(LOST,))], STRICT | SLOTS),
    "swap the speaker": (
        [change(RETURN, sources=(CRESCENT.model_copy(update={"name": "Mayor Ada Finch"}),))],
        STRICT | SLOTS | TELLER,
    ),
    "flip the negation": ([change(RETURN, negated=False)], DETECTION | STRICT | SLOTS | TELLER),
    "lose the place": ([change(RETURN, place="the valley")], {"slot_precision", "slot_f1"}),
    "repeat": (
        [RETURN, change(RETURN, id="again")],
        {"precision", "f1", "macro_precision", "macro_f1", "strict_precision", "strict_f1"}
        | {"slot_precision", "slot_f1", "attribution_precision", "attribution_f1"}
        | {"duplicate_rate"},
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_moves_exactly_its_metrics(name):
    instead, moved = MUTATIONS[name]
    before = scored(CLAIMS)
    after = scored([*(c for c in CLAIMS if c is not RETURN), *instead])
    assert {metric for metric in after if after[metric] != before[metric]} == moved


def test_evidence_trimmed_everywhere_moves_bloat_alone():
    halves = [
        change(c, evidence=(Span(start=s.start, end=s.end - 20, text=s.text[:-20]),))
        for c in CLAIMS
        for s in c.evidence
    ]
    before, after = scored(CLAIMS), scored(halves)
    assert {metric for metric in after if after[metric] != before[metric]} - {"grounding"} == {
        "evidence_bloat"
    }


def test_a_wrong_digit_is_incorrect_and_a_lost_comparator_partial():
    case = case_of([gold_of(RETURN)])
    wrong = score_case(case, [change(RETURN, quantities=(TEN_TIMES,))]).outcomes[0]
    lost = score_case(case, [change(RETURN, quantities=(LOST,))]).outcomes[0]
    assert wrong.grades["quantities"] == "incorrect"
    assert lost.grades["quantities"] == "partial"
    assert not wrong.strict
    assert not lost.strict


def test_a_wrong_speaker_keeps_detection_and_loses_strict():
    wrong = change(BURST, sources=(CRESCENT,))
    values = scored([wrong], case_of([gold_of(BURST)]))
    assert values["f1"] == 1
    assert values["strict_f1"] == values["attribution_f1"] == 0


def test_curly_and_straight_quotes_are_equal():
    gold = gold_of(STAY)
    straight = gold.slots.quote[0].replace("’", "'")
    slots = gold.slots.model_copy(update={"quote": (straight,)})
    case = case_of([gold.model_copy(update={"slots": slots})])
    assert scored([STAY], case)["strict_f1"] == 1


# References, intervals, slices.


def test_references_score_below_their_ceilings():
    assert scored(nothing(CASE.article).claims)["f1"] == 0
    assert scored(headline(CASE.article).claims)["recall"] <= 0.2
    sentences = scored(every_sentence(CASE.article).claims)
    assert sentences["strict_f1"] <= 0.05
    assert sentences["slot_f1"] <= 0.25


def test_a_perfect_extractor_scores_one():
    values = scored(perfect(CASE).claims)
    assert {name: values[name] for name in RATES} == dict.fromkeys(RATES, 1.0)


def test_slices_count_gold_and_hold_the_misses_of_their_own_claims():
    found = slices([score_case(CASE, CLAIMS[1:])])
    assert found["case=dam"]["n"] == 5
    assert found["voice=indirect"] | {"low": 0, "high": 0} == found["voice=indirect"] | {
        "n": 3.0,
        "low": 0,
        "high": 0,
    }
    assert found["voice=indirect"]["recall"] == pytest.approx(2 / 3, abs=1e-6)
    assert found["quantity"]["f1"] == found["voice=direct"]["f1"] == 1
    assert "tag=none" not in found


def test_intervals_hold_the_score_and_do_not_vary():
    outcomes = score_case(CASE, CLAIMS[2:]).outcomes
    rows = [count([o]) for o in outcomes]
    first = intervals(np.array(rows))
    assert first == intervals(np.array(rows))
    value = float(metrics(sum(rows))["f1"])
    low, high = first["f1"]
    assert 0 <= low <= value <= high <= 1


def test_a_slice_that_few_paragraphs_hold_has_the_interval_of_its_own_claims():
    found = slices([score_case(CASE, CLAIMS)])
    assert (found["quantity"]["low"], found["quantity"]["high"]) == (1, 1)
    none = slices([score_case(CASE, [])])
    assert (none["quantity"]["low"], none["quantity"]["high"]) == (0, 0)


# Whatever comes out of an extractor.

PHRASES = st.sampled_from(["The Corran dam", "residents", "burst", "flooded", "", "is", "Finch"])
SPANS = st.tuples(st.integers(0, len(TEXT) - 1), st.integers(1, 60)).map(
    lambda at: span_at(at[0], min(at[0] + at[1], len(TEXT)))
)


def span_at(start, end):
    return Span(start=start, end=end, text=TEXT[start:end])


ANY_CLAIM = st.builds(
    lambda base, subject, predicate, evidence, negated, name: change(
        base, id=name, subject=subject, predicate=predicate, evidence=evidence, negated=negated
    ),
    st.sampled_from(CLAIMS),
    PHRASES,
    PHRASES,
    st.lists(SPANS, min_size=1, max_size=3).map(tuple),
    st.booleans(),
    st.text("abc", min_size=1, max_size=3),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ANY_CLAIM, max_size=6), st.lists(st.sampled_from(CASE.gold), unique=True))
def test_every_rate_lies_between_zero_and_one_and_is_deterministic(claims, gold):
    case = replace(CASE, gold=tuple(gold))
    values = scored(claims, case)
    assert all(0 <= values[name] <= 1 for name in RATES)
    assert values == scored(list(reversed(claims)), case)
    outcomes = score_case(case, claims).outcomes
    assert sum(o.claim is not None for o in outcomes) == len(claims)

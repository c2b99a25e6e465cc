"""The ladder: what each lever names is there, and taking it away is seen."""

import pytest
from gold_builders import CASE, CLAIMS, COST, RETURN, STAY, case_of, gold_of

from evals.bench import shares
from evals.bench.floor import own_cut, told_cut
from evals.bench.ladder import changed
from evals.bench.levers import LEVERS
from evals.bench.pointers import everything, walked
from evals.score import score_case
from extractor.ask.clauses import judge
from schemas import Article, Comparator

# All sentences are invented for these tests.
SEEN = {
    "tellers lifted out": "The pump has failed, the mayor told reporters.",
    "tellers within tellers": "The mayor said that engineers had warned that the dam had cracked.",
    "tellers carried over": "“The pump has failed,” Ada Finch said.\n\n“We have no water and the wells are dry here in the valley.”",
    "pronouns of tellers named": "Mayor Ada Finch said the pump had failed. She said it was old.",
    "calls and denials kept whole": "The mayor urged residents to boil their water.",
    "quotes paired over the paragraph": "Ada Finch said: “The wells are dry. The pump is old.",
    "quotes without a clause": "Ada Finch said: “No water, no bread, no light.”",
    "coordinated verbs apart": "The crew reached the quay but has found no boat.",
    "relative clauses apart": "The river, which rose by 3 metres in a night, has reached the village.",
    "participles with figure or agent": "Rescuers have reached the 40 men trapped in the mine.",
    "participles behind a comma": "The storm tore down the mast, cutting off three villages.",
    "clauses of time and reason": "As the crew broke through the wall, the army opened a road.",
    "“expected to …” as one verb": "The ferry is expected to leave on Friday.",
    "datelines out of the parse": "PORT ELLERY, Oct. 17 — The ferry sank.",
    "bounds of figures": "Up to 40 boats sank.",
    "negation": "The harbour has not reopened.",
    "hedges": "The captain is believed to be alive.",
    "times that a sentence opens with": "On Tuesday the ferry sank.",
    "zones": "Ferry sinks\n\nThe ferry sank off the pier.\n\nPlease refresh the page, it is old.",
    "what stands twice claimed once": "The ferry sank off the pier.\n\nThe ferry sank off the pier.",
    "inner tellers forgotten": "Ada Finch said a teacher had told her that the dam had cracked."
    " “We have no water in the valley now,” she said.",
    "limits on what pointing admits": "If it rains, the match will be off.",
}


def claims(text: str, pointers, judge=judge):
    found = walked(Article(text=text), {(text, 0): pointers}, judge).claims
    return [claim.model_dump(exclude={"id"}) for claim in found]


@pytest.mark.parametrize("lever", LEVERS, ids=lambda lever: lever.name)
def test_a_lever_taken_away_is_seen(lever) -> None:
    text = SEEN[lever.name]
    pointers = [["it", "rains"]]
    before = claims(text, pointers)
    with changed(lever.changes):
        assert claims(text, pointers) != before
    assert claims(text, pointers) == before


def test_pointers_are_those_of_their_sentence() -> None:
    text = "Police found guns hidden in the barn."
    assert len(claims(text, [])) + 1 == len(claims(text, [["guns", "hidden"]]))
    assert everything([case_of((), text)]) == {(text, 0): [["guns", "hidden"]]}


def test_the_floor_is_the_cut_of_the_model_and_tellers_are_lifted_out_of_it() -> None:
    text = "The pump has failed, the mayor told reporters."
    cut = [["The pump", "has", "failed"], ["the mayor", "told", "reporters"], ["It", "is", "dry"]]
    own, told = claims(text, cut, own_cut), claims(text, cut, told_cut)
    assert [(c["subject"], c["sources"]) for c in own] == [("The pump", ()), ("the mayor", ())]
    assert [c["sources"][0]["name"] for c in told] == ["the mayor"]


def test_shares_of_a_perfect_run_are_whole() -> None:
    outcomes = score_case(CASE, CLAIMS).outcomes
    assert shares.figures(outcomes) == shares.Share(2.0, 2, 2)
    assert shares.times(outcomes) == shares.Share(1.0, 1, 1)
    assert shares.quotes(outcomes) == shares.Share(1.0, 1, 1)


def test_a_lost_bound_costs_its_figure_and_a_missed_claim_is_not_found() -> None:
    bare = RETURN.quantities[0].model_copy(update={"comparator": Comparator.EXACT})
    found = RETURN.model_copy(update={"quantities": (bare,)})
    share = shares.figures(score_case(CASE, [found]).outcomes)
    assert share == shares.Share(0.0, 1, 2)
    assert (share.of_found, share.of_expected) == (0.0, 0.0)


def test_a_figure_too_many_counts_against() -> None:
    both = COST.model_copy(update={"quantities": (*COST.quantities, *RETURN.quantities)})
    assert shares.figures(score_case(CASE, [both]).outcomes).right == 0.5


def test_a_quote_by_another_speaker_is_wrong() -> None:
    direct = case_of([gold_of(STAY, tags=("direct",))])
    other = STAY.sources[0].model_copy(update={"name": "Brook"})
    right = score_case(direct, [STAY]).outcomes
    wrong = score_case(direct, [STAY.model_copy(update={"sources": (other,)})]).outcomes
    assert (shares.quotes(right).right, shares.quotes(wrong).right) == (1.0, 0.0)

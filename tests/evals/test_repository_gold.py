"""The gold that stands in this repository."""

import pytest

from evals.check import check
from evals.dataset import load_cases
from evals.metrics import summary
from evals.reference import REFERENCES, perfect
from evals.run import segmented
from evals.score import score_case

CEILINGS = {
    "nothing": {"f1": 0.0, "strict_f1": 0.0, "slot_f1": 0.0},
    "every sentence": {"f1": 0.45, "strict_f1": 0.02, "slot_f1": 0.15},
    "headline only": {"f1": 0.1, "strict_f1": 0.02, "slot_f1": 0.05},
}


@pytest.fixture(scope="module")
def cases():
    found = load_cases(zones=segmented)
    if not found:
        pytest.skip("no gold yet")
    return found


def test_the_gold_is_valid_and_in_no_prompt():
    assert check(zones=segmented) == []


def test_ids_are_those_of_the_files(cases):
    assert len({case.id for case in cases}) == len(cases)


@pytest.mark.parametrize("name", REFERENCES)
def test_references_stay_below_their_ceilings(cases, name):
    scores = [score_case(case, REFERENCES[name](case.article).claims) for case in cases]
    values = summary(scores)
    assert {m: values[m] for m, top in CEILINGS[name].items() if values[m] > top} == {}


def test_a_perfect_extractor_scores_one(cases):
    values = summary([score_case(case, perfect(case).claims) for case in cases])
    for metric in ("f1", "strict_f1", "slot_f1", "attribution_f1"):
        assert values[metric] == 1, metric
    assert values["boilerplate_claims"] == 0

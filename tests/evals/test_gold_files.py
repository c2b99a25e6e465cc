"""Reading gold into cases, and finding what is wrong with gold."""

import json
from datetime import datetime

import pytest
from gold_builders import (
    BURST,
    CASE,
    CLAIMS,
    FLOOD,
    NOTICE,
    RETURN,
    STAY,
    TEXT,
    claim,
    gold_article,
    gold_file,
    gold_of,
    span,
)

from evals import dataset
from evals.agreement import agree, agreements, kappa
from evals.check import check
from evals.dataset import load_cases, select
from evals.gold import GoldQuantity, GoldTime
from evals.reference import sentences
from evals.worksheet import worksheet
from schemas import Span, TimeBasis, Zone


def checked(root):
    return check(root / "evals" / "gold", root, prompts=root / "prompts")


def with_slots(gold, **slots):
    return gold.model_copy(update={"slots": gold.slots.model_copy(update=slots)})


def test_a_case_holds_the_whole_file_and_its_zones(tmp_path):
    (case,) = load_cases(gold_file(tmp_path), tmp_path)
    assert case.article.text == TEXT
    assert (case.id, case.group, case.article.published_at) == ("dam", "seeds", None)
    assert [zone for *_, zone in case.zones] == [Zone.BOILERPLATE, Zone.HEADLINE]


def test_line_ends_are_not_touched(tmp_path):
    text = TEXT.replace("\n\n", "\r\n")
    (case,) = load_cases(gold_file(tmp_path, (), text, boilerplate=()), tmp_path)
    assert case.article.text == text


UNRESOLVED = GoldTime(text="Tuesday", basis=TimeBasis.UNRESOLVED)
OPEN_BURST = with_slots(gold_of(BURST), time=(UNRESOLVED,))


def test_a_dated_variant_takes_its_times_from_a_file(tmp_path):
    folder = gold_file(tmp_path, (OPEN_BURST, gold_of(RETURN)))
    resolved = {"text": "Tuesday", "value": "2017-06-13", "basis": "published_at"}
    variant = {
        "id": "dam-dated",
        "base": "dam",
        "published_at": "2017-06-14T00:00:00",
        "times": {"burst": [resolved]},
    }
    (folder / "dam-dated.json").write_text(json.dumps(variant))
    undated, dated = load_cases(folder, tmp_path)
    assert (undated.id, dated.id) == ("dam", "dam-dated")
    assert undated.article.published_at is None
    assert dated.article.published_at == datetime(2017, 6, 14)  # noqa: DTZ001
    assert undated.gold[0].slots.time == (UNRESOLVED,)
    assert dated.gold[0].slots.time == (GoldTime(**resolved),)
    assert dated.gold[1] == undated.gold[1]
    assert checked(tmp_path) == []


def test_without_a_file_unresolved_times_of_the_dated_case_are_not_scored(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "DATED", {"dam": datetime(2017, 6, 14)})  # noqa: DTZ001
    _, dated = load_cases(gold_file(tmp_path, (OPEN_BURST, gold_of(RETURN))), tmp_path)
    assert dated.id == "dam-dated"
    assert [g.slots.time for g in dated.gold] == [(), (None,)]


def test_select_by_prefix_and_group():
    assert list(select([CASE], [], None)) == [CASE]
    assert list(select([CASE], ["da"], "written")) == [CASE]
    assert list(select([CASE], ["court"], None)) == list(select([CASE], [], "seeds")) == []


def test_good_gold_has_no_problems(tmp_path):
    gold_file(tmp_path)
    assert checked(tmp_path) == []


MOVED = Span(start=0, end=len(FLOOD), text=FLOOD)
ON_NOTICE = gold_of(claim("n", NOTICE, ("you", "registering", None)))
TEN_TIMES = GoldQuantity(text="Up to 7,500 residents", comparator="at_most", value=75000)
WRONG_COPY = TEN_TIMES.model_copy(update={"text": "Up to 75,000 residents"})


@pytest.mark.parametrize(
    ("gold", "problem"),
    [
        (gold_of(BURST, evidence=((MOVED,),)), "is not that slice"),
        (ON_NOTICE, "evidence in boilerplate"),
        (with_slots(gold_of(STAY), quote=("Run",)), "a quote does not stand"),
        (with_slots(gold_of(RETURN), quantities=((TEN_TIMES,),)), "is not what its words say"),
        (with_slots(gold_of(RETURN), quantities=((WRONG_COPY,),)), "does not stand in the article"),
        (gold_of(RETURN, statement="75,000 residents have not returned."), "statement's 75000"),
        (
            with_slots(
                gold_of(BURST), time=(GoldTime(text="Tuesday", value="x", basis="explicit"),)
            ),
            "cannot be read",
        ),
        (gold_of(BURST, evidence=((),)), "an evidence set is empty"),
    ],
)
def test_bad_gold_is_named(tmp_path, gold, problem):
    gold_file(tmp_path, (gold,))
    found = checked(tmp_path)
    assert found
    assert all(p.startswith(f"dam.json: {gold.id}: ") for p in found)
    assert any(problem in p for p in found)


def test_ids_hash_shape_and_article_are_checked(tmp_path):
    gold_file(tmp_path, (gold_of(BURST), gold_of(BURST)))
    assert checked(tmp_path) == ["dam.json: burst: the id stands more than once"]
    gold_file(tmp_path, sha256="0" * 64)
    assert checked(tmp_path) == ["dam.json: sha256 is not that of seeds/dam.txt"]
    gold_file(tmp_path, article="seeds/none.txt")
    assert "No such file" in checked(tmp_path)[0]
    (gold_file(tmp_path) / "dam.json").write_text("{}")
    assert checked(tmp_path)[0].startswith("dam.json: ")
    (gold_file(tmp_path) / "dam.json").write_text("not json")
    assert len(checked(tmp_path)) == 1


@pytest.mark.parametrize(
    ("number", "value", "good"),
    [
        ("1.5 million", 1_500_000, True),
        ("14km", 14, True),
        ("$4.2bn", 4.2e9, True),
        ("from 12 to nine", 9, True),
        ("hundreds", None, True),
        ("two-thirds of 9,600", 6400, True),
        ("1.5 million", 15_000_000, False),
    ],
)
def test_values_must_be_borne_out(tmp_path, number, value, good):
    text = f"{FLOOD} {number} people fled."
    quantity = GoldQuantity(text=number, comparator="exact", value=value)
    gold = with_slots(gold_of(BURST, evidence=((span(FLOOD),),)), quantities=((quantity,),))
    shifted = gold.model_copy(update={"evidence": ((span(FLOOD, text),),)})
    gold_file(tmp_path, (shifted,), text)
    assert (checked(tmp_path) == []) == good


def test_gold_in_a_prompt_is_a_leak(tmp_path):
    gold_file(tmp_path)
    prompt = tmp_path / "prompts" / "claims.v1" / "user.jinja"
    prompt.parent.mkdir()
    prompt.write_text("For example:\n\n  Mayor Ada Finch told\nreporters.")
    assert checked(tmp_path) == []
    prompt.write_text("For example:\n\n  flooded the lower town, Mayor Ada Finch told\nreporters.")
    assert checked(tmp_path) == [
        "claims.v1/user.jinja: shares words with gold dam/burst",
        "claims.v1/user.jinja: shares words with gold dam/flooded",
    ]


def test_a_variant_names_claims_that_exist(tmp_path):
    folder = gold_file(tmp_path)
    variant = {"id": "v", "base": "dam", "published_at": "2017-06-14", "times": {"none": [None]}}
    (folder / "v.json").write_text(json.dumps(variant))
    assert checked(tmp_path) == ["v.json: none: no such claim in dam"]
    (folder / "v.json").write_text(json.dumps(variant | {"base": "gone"}))
    assert checked(tmp_path) == ["v.json: no gold of id 'gone'"]


def test_equal_passes_agree_wholly():
    found = agree(TEXT, gold_article(), gold_article(annotator="b"))
    assert found.f1 == 1
    assert set(found.kappa.values()) == {1.0}


def test_a_claim_that_one_pass_lacks_lowers_f1_and_optional_ones_do_not():
    fewer = gold_article([g for g in CASE.gold if g.id != "burst"])
    assert agree(TEXT, gold_article(), fewer).f1 == pytest.approx(2 * 4 / 9)
    optional = [g.model_copy(update={"optional": g.id == "burst"}) for g in CASE.gold]
    assert agree(TEXT, gold_article(optional), fewer).f1 == 1


def test_polarity_is_compared_over_pairs_found_without_it():
    flipped = [with_slots(g, negated=False) if g.id == "return" else g for g in CASE.gold]
    found = agree(TEXT, gold_article(), gold_article(flipped))
    assert found.f1 < 1
    assert found.kappa["negated"] == 0


def test_kappa_by_hand():
    pairs = [("x", "x")] * 20 + [("x", "y")] * 5 + [("y", "x")] * 10 + [("y", "y")] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([("x", "x")]) == 1
    assert kappa([]) is None


def test_agreements_reads_what_both_passes_hold(tmp_path):
    gold_file(tmp_path)
    for name in "ab":
        (tmp_path / "passes" / name).mkdir(parents=True)
        path = tmp_path / "passes" / name / "dam.json"
        path.write_text(gold_article().model_dump_json())
    (tmp_path / "passes" / "a" / "only-a.json").write_text("{}")
    (found,) = agreements(tmp_path / "passes", tmp_path)
    assert (found.article, found.claims, found.f1) == ("dam", (5, 5), 1.0)


def test_sentences_keep_their_offsets():
    found = sentences(TEXT)
    assert all(TEXT[s.start : s.end] == s.text for s in found)
    assert [s.text for s in found][-1] == NOTICE
    assert len(found) == len(CLAIMS) + 1


def test_a_worksheet_numbers_the_sentences(tmp_path):
    gold_file(tmp_path)
    sheet = worksheet(tmp_path / "seeds" / "dam.txt")
    assert f"2. [{TEXT.index(FLOOD)}:{TEXT.index(FLOOD) + len(FLOOD)}] {FLOOD}" in sheet
    assert gold_article().sha256 in sheet

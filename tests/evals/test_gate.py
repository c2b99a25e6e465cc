import json

import pytest

from evals.gate import (
    Check,
    Comparison,
    Exit,
    baseline_of,
    compare,
    digest,
    dump,
    hashes,
    parse_minimum,
    read_baseline,
    thresholds,
    verdict,
)

GOOD = {"grounding": 1.0, "boilerplate_claims": 0.0, "f1": 0.8}


def made(f1=0.8, claims=None, slices=None, **changed):
    hashes = {"gold": "g", "model": "m", "prompts": "p", "schema": "s", "scorer": "c"}
    return {
        "metrics": GOOD | {"f1": f1},
        "slices": slices or {},
        "claims": {"dam": claims or {"burst": "strict"}},
        "hashes": hashes | changed,
    }


def test_thresholds_hold_what_must_always_hold():
    assert all(check.passed for check in thresholds(GOOD, {"f1": 0.8}))
    failed = [c.name for c in thresholds(GOOD | {"grounding": 0.99}, {"f1": 0.81}) if not c.passed]
    assert failed == ["grounding ≥ 1", "f1 ≥ 0.81"]
    (boilerplate,) = [c for c in thresholds(GOOD | {"boilerplate_claims": 1}, {}) if not c.passed]
    assert boilerplate.detail == "1"


def test_minimum_names_a_metric_and_a_number():
    assert parse_minimum(["f1=.6"], GOOD) == {"f1": 0.6}
    for text in ("f2=.6", "f1=high", "f1"):
        with pytest.raises(ValueError):  # noqa: PT011
            parse_minimum([text], GOOD)


def test_claims_gained_and_lost_are_named():
    before = made(claims={"a": "missed", "b": "strict", "c": "strict", "gone": "strict"})
    after = made(claims={"a": "matched", "b": "matched", "c": "strict", "new": "strict"})
    found = compare(before, after)
    assert found.gained == ("dam/a missed → matched",)
    assert found.lost == ("dam/b strict → matched",)


def test_a_fall_is_a_regression_and_a_rise_is_not():
    assert compare(made(0.8), made(0.79)).regressions == ("f1: 0.800 → 0.790",)
    assert compare(made(0.8), made(0.81)).regressions == ()


def test_small_slices_never_gate():
    before = {"few": {"n": 9, "f1": 0.9}, "many": {"n": 10, "f1": 0.9}}
    after = {"few": {"n": 9, "f1": 0.1}, "many": {"n": 10, "f1": 0.84}}
    assert compare(made(slices=before), made(slices=after)).regressions == ("many: 0.900 → 0.840",)
    slack = {"many": {"n": 10, "f1": 0.86}}
    assert compare(made(slices=before), made(slices=slack)).regressions == ()


def test_what_changed_is_named():
    assert compare(made(), made(prompts="q", gold="h")).changed == ("gold", "prompts")


@pytest.mark.parametrize(
    ("checks", "regressions", "missing", "errors", "code"),
    [
        ([], (), False, False, Exit.PASS),
        ([Check("f1", False)], ("f1",), False, False, Exit.THRESHOLD),
        ([], ("f1",), False, False, Exit.REGRESSION),
        ([Check("f1", False)], ("f1",), True, True, Exit.RECORDING),
        ([Check("f1", False)], ("f1",), False, True, Exit.ERRORS),
    ],
)
def test_exit_codes(checks, regressions, missing, errors, code):
    comparison = Comparison(regressions=regressions)
    assert verdict(checks, comparison, missing, errors) == code


def test_a_baseline_is_read_back_and_its_version_checked(tmp_path):
    path = tmp_path / "baseline.json"
    assert read_baseline(path) is None
    report = {"hashes": {}, "metrics": {}, "slices": {}, "cases": []}
    path.write_text(dump(baseline_of(report)))
    assert read_baseline(path) == baseline_of(report)
    for wrong in ({"baseline_version": 2}, [], "x"):
        path.write_text(json.dumps(wrong))
        with pytest.raises(ValueError, match="not a baseline"):
            read_baseline(path)


def test_a_baseline_keeps_required_claims_alone():
    outcomes = [
        {"gold": "a", "verdict": "matched", "strict": True},
        {"gold": "b", "verdict": "matched", "strict": False},
        {"gold": "c", "verdict": "missed", "strict": False},
        {"gold": "d", "verdict": "optional", "strict": False},
        {"gold": None, "verdict": "false_alarm", "strict": False},
    ]
    report = {"hashes": {}, "metrics": {}, "slices": {}}
    kept = baseline_of(report | {"cases": [{"id": "dam", "outcomes": outcomes}]})
    assert kept["claims"] == {"dam": {"a": "strict", "b": "matched", "c": "missed"}}


def test_digests_take_names_and_bytes(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_bytes(b"ab")
    two.write_bytes(b"c")
    first = digest([one, two], tmp_path)
    assert first == digest([two, one], tmp_path)
    one.write_bytes(b"a")
    two.write_bytes(b"bc")
    assert digest([one, two], tmp_path) != first


def test_hashes_follow_gold_and_prompts(tmp_path):
    gold = tmp_path / "evals" / "gold"
    prompt = tmp_path / "prompts" / "claims.v1" / "system.jinja"
    for folder in (gold, prompt.parent):
        folder.mkdir(parents=True)
    prompt.write_text("x")
    before = hashes("m", gold, tmp_path)
    prompt.write_text("y")
    (gold / "dam.json").write_text("{}")
    after = hashes("m", gold, tmp_path)
    assert {key for key in before if before[key] != after[key]} == {"gold", "prompts"}

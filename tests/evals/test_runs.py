"""Whole runs over invented articles: with made-up extractors, and through the real one."""

import json
import re
import time
from html.parser import HTMLParser
from io import StringIO
from xml.etree import ElementTree

import pytest
from gold_builders import BURST, CASE, CLAIMS, RETURN, TEXT, gold_file, span
from rich.console import Console
from typer.testing import CliRunner

from evals import reference
from evals.cli import app
from evals.evaluate import Gathered, Mode, Options, evaluate
from evals.gate import Exit
from evals.page import Mark, page, pieces
from evals.recording import Tape, serving
from evals.report import build
from evals.run import Budget, run_cases, score_run
from evals.summaries import junit, markdown
from evals.upstream import Reply
from extractor import ModelUnavailable
from prompts import Prompt
from schemas import Status, Usage


def finding(claims, **changes):
    def extract(article):
        found = reference.extraction(article, claims, "made-up")
        return found.model_copy(update=changes)

    return extract


def failing(article):
    raise ModelUnavailable("The model did not answer.")


def gathering(*extracts):
    def gather(options, settings, cases):
        trials = [run_cases(cases, extract) for extract in extracts]
        return Gathered(trials, [0.5] * len(cases))

    return gather


@pytest.fixture
def options(tmp_path):
    return Options(
        root=tmp_path,
        gold=gold_file(tmp_path),
        out=tmp_path / "out",
        baseline=tmp_path / "baseline.json",
        recordings=tmp_path / "recordings",
    )


def change(options, **values):
    return Options(**(vars(options) | values))


def run(options, *extracts):
    console = Console(record=True, width=200, file=StringIO())
    code = evaluate(options, console, gathering(*extracts) if extracts else None)
    return code, console.export_text()


def test_a_perfect_run_passes_and_writes_all_reports(options):
    code, text = run(options, finding(CLAIMS))
    assert code == Exit.PASS
    assert "case=dam" in text
    names = sorted(path.name for path in options.out.iterdir())
    assert names == ["junit.xml", "report.html", "report.json", "report.md"]


def test_equal_runs_write_equal_bytes(options):
    run(options, finding(CLAIMS[1:]))
    before = {path.name: path.read_bytes() for path in options.out.iterdir()}
    time.sleep(0.01)
    run(options, finding(list(reversed(CLAIMS[1:]))))
    assert before == {path.name: path.read_bytes() for path in options.out.iterdir()}


def test_a_missed_threshold_is_1(options):
    asked = change(options, minimum=("f1=.95",))
    assert run(asked, finding(CLAIMS))[0] == Exit.PASS
    code, text = run(asked, finding(CLAIMS[1:]))
    assert code == Exit.THRESHOLD
    assert "f1 ≥ 0.95" in text


def test_an_ungrounded_claim_is_1(options):
    loose = BURST.model_copy(update={"statement": "12 dams burst."})
    assert run(options, finding([loose, *CLAIMS[1:]]))[0] == Exit.THRESHOLD


def test_a_wrong_digit_in_the_gold_is_2(options):
    path = options.gold / "dam.json"
    path.write_text(path.read_text().replace("7500", "75000"))
    code, text = run(options, finding(CLAIMS))
    assert code == Exit.CONFIG
    assert "dam.json: return" in text


def test_no_case_is_2(options):
    assert run(change(options, only=("none",)), finding(CLAIMS))[0] == Exit.CONFIG


def test_a_baseline_with_a_better_score_is_3(options):
    assert run(change(options, update_baseline=True), finding(CLAIMS))[0] == Exit.PASS
    assert run(options, finding(CLAIMS))[0] == Exit.PASS
    code, text = run(options, finding(CLAIMS[1:]))
    assert code == Exit.REGRESSION
    assert "dam/burst strict → missed" in text


def test_a_better_run_passes_and_can_become_the_baseline(options):
    update = change(options, update_baseline=True)
    run(update, finding(CLAIMS[1:]))
    assert run(options, finding(CLAIMS))[0] == Exit.PASS
    assert json.loads(options.baseline.read_text())["metrics"]["f1"] < 1
    run(update, finding(CLAIMS))
    assert json.loads(options.baseline.read_text())["metrics"]["f1"] == 1


def test_a_failed_run_makes_no_baseline(options):
    run(change(options, update_baseline=True, minimum=("f1=1",)), finding(CLAIMS[1:]))
    assert not options.baseline.exists()


def test_a_baseline_of_other_gold_is_2_until_it_is_updated(options):
    run(change(options, update_baseline=True), finding(CLAIMS))
    gold_file(options.root, CASE.gold[1:])
    assert run(options, finding(CLAIMS[1:]))[0] == Exit.CONFIG
    assert run(change(options, update_baseline=True), finding(CLAIMS[1:]))[0] == Exit.PASS
    assert run(options, finding(CLAIMS[1:]))[0] == Exit.PASS


def test_a_part_of_the_cases_never_regresses(options):
    run(change(options, update_baseline=True), finding(CLAIMS))
    assert run(change(options, only=("dam",)), finding(CLAIMS[1:]))[0] == Exit.PASS


def test_errors_are_5_unless_allowed(options):
    code, text = run(options, failing)
    assert code == Exit.ERRORS
    assert "ModelUnavailable: The model did not answer." in text
    allowed = change(options, max_errors=1)
    assert run(allowed, failing)[0] == Exit.PASS


def test_a_refused_extraction_is_an_error_too(options):
    assert run(options, finding((), status=Status.REFUSED))[0] == Exit.ERRORS


def test_a_bug_is_raised():
    def broken(article):
        raise KeyError("bug")

    with pytest.raises(KeyError):
        run_cases([CASE], broken)


def test_the_cost_limit_stops_a_run():
    costly = finding((), usage=Usage(cost_usd=0.6))
    runs = run_cases([CASE] * 3, costly, budget=Budget(1.0))
    assert [r.error for r in runs] == [None, None, "not run: the cost limit was reached"]


def test_concurrent_runs_keep_their_order(options):
    cases = [CASE] * 8
    assert [r.case.id for r in run_cases(cases, finding(CLAIMS), concurrency=4)] == ["dam"] * 8


def test_trials_show_spread_and_flips(options):
    _code, text = run(options, finding(CLAIMS), finding(CLAIMS[1:]))
    report = json.loads((options.out / "report.json").read_text())
    assert report["trials"] == 2
    assert report["spread"]["flip_rate"] == 0.2
    assert report["spread"]["metrics"]["recall"] == {"max": 1.0, "mean": 0.9, "min": 0.8}
    assert "flip_rate" in text


# Reports


NASTY = "<script>alert('x')</script> | **&** \x00 `"


def nasty_report():
    odd = BURST.model_copy(update={"statement": NASTY, "subject": NASTY, "id": "odd"})
    runs = run_cases([CASE], finding([odd, *CLAIMS[1:]]))
    scores = [score_run(r) for r in runs]
    meta = {"mode": "live", "model": NASTY, "hashes": {}}
    return build([runs], [scores], [1.0], meta), runs, scores


def test_the_page_escapes_all_text_and_loads_nothing():
    report, runs, scores = nasty_report()
    html = page(report, runs, scores, [], None)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert not re.search(r"""(?:src|href)=["'](?!#)|(?:src|href)=[^"']""", html)
    assert "url(" not in html
    assert "@import" not in html


class Text(HTMLParser):
    def __init__(self):
        super().__init__()
        self.cells, self.open, self.note = [], False, False

    def handle_starttag(self, tag, attrs):
        if tag == "td":
            self.cells.append("")
            self.open = True
        self.note = self.note or tag == "sup"

    def handle_endtag(self, tag):
        self.open = self.open and tag != "td"
        self.note = self.note and tag != "sup"

    def handle_data(self, data):
        if self.open and not self.note:
            self.cells[-1] += data


def test_the_page_shows_every_line_twice(options):
    run(options, finding(CLAIMS[1:]))
    parser = Text()
    parser.feed((options.out / "report.html").read_text())
    for line in filter(None, TEXT.split("\n")):
        assert parser.cells.count(line) >= 2


def test_pieces_join_to_the_line_and_show_the_worst():
    sentence = span("flooded the lower town")
    marks = [
        Mark(sentence.start, sentence.end, "strict", "dam-1"),
        Mark(sentence.start + 8, sentence.end + 5, "missed", "dam-2"),
    ]
    start, end = sentence.start - 10, sentence.end + 10
    found = list(pieces(TEXT, start, end, marks))
    assert "".join(piece.text for piece in found) == TEXT[start:end]
    assert [(piece.state, piece.ends) for piece in found] == [
        ("", ()),
        ("strict", ()),
        ("missed", ((1, "dam-1", "strict"),)),
        ("missed", ((2, "dam-2", "missed"),)),
        ("", ()),
    ]


def test_junit_fails_lost_claims_and_skips_missed_ones(options):
    run(change(options, update_baseline=True), finding([c for c in CLAIMS if c is not RETURN]))
    run(options, finding([c for c in CLAIMS if c not in (RETURN, BURST)]))
    root = ElementTree.parse(options.out / "junit.xml").getroot()
    (suite,) = [s for s in root if s.get("name") == "dam"]
    states = {t.get("name"): [child.tag for child in t] for t in suite}
    assert states["burst"] == ["failure"]
    assert states["return"] == ["skipped"]
    assert states["cost"] == []
    assert suite.get("failures") == suite.get("skipped") == "1"


def test_junit_and_markdown_survive_nasty_text():
    report, _, _ = nasty_report()
    ElementTree.fromstring(junit(report, [], None))
    assert "<script" not in markdown(report, [], None)


def test_markdown_is_appended_to_the_step_summary(options, tmp_path, monkeypatch):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    run(options, finding(CLAIMS))
    assert summary.read_text().startswith("before\n## Evals\n")


def test_what_is_grounded_and_not_in_gold_is_listed(options):
    extra = BURST.model_copy(
        update={"id": "e", "subject": "the lower town", "predicate": "was", "object": "flooded",
                "evidence": (span("flooded the lower town"),), "statement": "the lower town flooded"}
    )  # fmt: skip
    made_up = extra.model_copy(update={"id": "f", "statement": "9,999 boats flooded the town"})
    _, text = run(options, finding([*CLAIMS, extra, made_up]))
    assert "Grounded, but not in gold: the gold may be incomplete: 1 claims" in text
    for name in ("report.md", "report.html"):
        written = (options.out / name).read_text()
        listed = written[written.index("Grounded, but not in gold") :][:300]
        assert "the lower town flooded" in listed
        assert "9,999 boats" not in listed


def test_bloated_evidence_is_warned_of(options):
    whole = (span(TEXT),)
    _, text = run(options, finding([c.model_copy(update={"evidence": whole}) for c in CLAIMS]))
    assert "Warnings\n  evidence_bloat: " in text
    assert "Warnings" not in run(options, finding(CLAIMS))[1]


def test_validity_at_the_first_try_is_reported(options):
    usage = Usage(calls=7, retries=3, first_tries=3)
    _, text = run(options, finding(CLAIMS, usage=usage))
    assert "7 calls (3 retries, 75.0% valid at the first try)" in text


# Through the real extractor, on the wire


COMPLETION = {
    "id": "x",
    "object": "chat.completion",
    "created": 0,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": '{"claims": []}'},
        }
    ],
    "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
}


@pytest.fixture
def recorded(options, monkeypatch):
    def send(body):
        return Reply(200, json.dumps(COMPLETION).encode())

    monkeypatch.setattr("evals.evaluate.upstream", lambda _: send)
    code, _ = run(change(options, mode=Mode.RECORD))
    assert code == Exit.PASS
    monkeypatch.undo()
    return options


def test_a_recorded_run_replays_offline_to_the_same_report(recorded):
    assert run(recorded)[0] == Exit.PASS
    first = (recorded.out / "report.json").read_bytes()
    assert json.loads(first)["run"]["calls"] > 0
    run(recorded)
    assert (recorded.out / "report.json").read_bytes() == first


def test_a_changed_prompt_is_4_and_names_the_case(recorded, monkeypatch):
    render = Prompt.render
    monkeypatch.setattr(Prompt, "render", lambda *a, **v: render(*a, **v) + " Be brief.")
    code, text = run(recorded)
    assert code == Exit.RECORDING
    assert "dam" in text


def test_another_trial_was_not_recorded(recorded):
    assert run(change(recorded, trials=2))[0] == Exit.RECORDING


def test_without_recordings_nothing_is_scored(options):
    assert run(options)[0] == Exit.RECORDING
    assert not options.out.exists()


# The command line


def test_the_command_line_names_usage_errors():
    runner = CliRunner()
    assert runner.invoke(app, ["--min", "f2=1"]).exit_code == 2
    assert runner.invoke(app, ["--mode", "dream"]).exit_code == 2
    assert runner.invoke(app, ["--update-baseline", "--only", "x"]).exit_code == 2
    assert runner.invoke(app, ["label", "none.txt"]).exit_code == 2


def test_diff_names_what_moved(options, tmp_path):
    reports = []
    for name, claims in (("a", CLAIMS), ("b", CLAIMS[1:])):
        run(change(options, out=tmp_path / name), finding(claims))
        reports.append(str(tmp_path / name / "report.json"))
    found = CliRunner().invoke(app, ["diff", *reports])
    assert found.exit_code == 0
    assert "lost: dam/burst strict → missed" in found.output
    assert "recall" in found.output


def test_label_prints_a_worksheet(options):
    found = CliRunner().invoke(app, ["label", str(options.root / "seeds" / "dam.txt")])
    assert found.exit_code == 0
    assert "[0:23] Dam bursts above Corran" in found.output


def test_a_served_tape_stops_by_itself():
    with serving(Tape({})) as url:
        assert url("dam", 0).startswith("http://127.0.0.1:")

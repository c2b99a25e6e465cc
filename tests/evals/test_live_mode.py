"""Any server that speaks the API can be scored: here one that answers with the gold itself."""

import json
from typing import Any

import pytest
import replies as r
from scripted import Request, Scripted
from typer.testing import CliRunner

from evals.cli import app
from evals.dataset import load_cases
from evals.encoding import drafts
from evals.gate import Exit

ID = "written-court"
CASE = next(case for case in load_cases() if case.id == ID)
GOLD = list(drafts(CASE))
AGAIN = "No claim rests yet on those numbered "


def gold(request: Request) -> r.Reply:
    return r.completion(json.dumps({"claims": GOLD}))


def half_at_first(request: Request) -> r.Reply:
    return gold(request) if AGAIN in request.user else r.completion(
        json.dumps({"claims": [item for item in GOLD if item["s"][0] % 2]})
    )  # fmt: skip


def scored(server: Scripted, folder: Any, monkeypatch: pytest.MonkeyPatch, **more: str) -> dict:
    for name, value in {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "k", **more}.items():
        monkeypatch.setenv(name, value)
    asked = ["--mode", "live", "--model", "gpt-test", "--only", ID, "--out", str(folder)]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == Exit.PASS, result.output
    return json.loads((folder / "report.json").read_bytes())


def test_the_second_pass_shows_in_the_score_and_in_the_bill(tmp_path, monkeypatch):
    with Scripted(half_at_first) as server:
        once = scored(server, tmp_path / "a", monkeypatch)
        twice = scored(server, tmp_path / "b", monkeypatch, EXTRACTOR_SECOND_PASS="on")
    assert (twice["mode"], twice["model"]) == ("live", "gpt-test")
    assert twice["metrics"]["f1"] > 0.9
    assert twice["metrics"]["attribution_f1"] > 0.9
    assert once["metrics"]["recall"] < 0.7 < 0.9 < twice["metrics"]["recall"]
    assert (once["run"]["calls"], twice["run"]["calls"]) == (1, 2)

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from answering import CLAIMS, TEXT, answering, claim, hosted, run

from extractor import Extraction
from extractor.exits import MEANINGS, Exit

DATE = ("--published-at", "2021-03-03")
COMMAND = [sys.executable, "-c", "from extractor.cli import app; app()"]


@pytest.fixture
def server(monkeypatch):
    for name in [n for n in os.environ if n.startswith(("OPENAI_", "EXTRACTOR_", "FORCE_"))]:
        monkeypatch.delenv(name)
    with answering() as found:
        yield found


@pytest.fixture
def news(tmp_path) -> Path:
    path = tmp_path / "news.txt"
    path.write_text(TEXT)
    return path


def started(*args: object, **given) -> subprocess.Popen:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | given
    return subprocess.Popen([*COMMAND, *map(str, args)], **pipes)


def help_seconds() -> float:
    """Processor time: what a person waits for on a machine that does nothing else."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*COMMAND, "--help"], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_is_quick_and_tells_the_exit_codes():
    output = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    for code, meaning in MEANINGS.items():
        assert f"{code:>3}  {meaning}" in output
    # The best of five: a busy machine makes a process dearer, never cheaper.
    assert min(help_seconds() for _ in range(5)) <= 0.5


@pytest.mark.parametrize("command", ["extract", "verify", "doctor"])
def test_each_command_has_help(command):
    result = run(command, "--help")
    assert result.exit_code == Exit.OK
    assert "Exit codes:" in result.output


def test_claims_are_listed_under_their_sentences_without_ansi_codes(server, news):
    result = run("extract", news, *DATE, *hosted(server))
    assert result.exit_code == Exit.OK
    assert "\x1b" not in result.stdout
    lines = result.stdout.splitlines()
    assert lines[0] == "news.txt · 2021-03-03"
    assert "  • The barrier at Samplestadt held back the river on Monday." in lines
    assert "by Jane Example (said) · when Monday (2021-03-01)" in result.stdout
    assert "figure Up to 7,500 people (≤ 7,500)" in result.stdout
    assert "ok: 2 claims from 2 of 4 sentences" in result.stdout
    assert result.stderr.startswith("extractor: the text is sent to 127.0.0.1:")


def test_json_is_one_extraction_a_line_and_nothing_else(server, news):
    result = run("extract", news, news, "--json", *hosted(server))
    first, second = map(Extraction.model_validate_json, result.stdout.splitlines())
    assert [c.id for c in first.claims] == [c.id for c in second.claims]
    assert len(first.claims) == len(CLAIMS)


def test_standard_input_is_read(server):
    result = run("extract", "-", "--json", *hosted(server), given=TEXT)
    assert Extraction.model_validate_json(result.stdout).article.id is None
    assert TEXT.split("\n")[2][:40] in server.asked[0]


def test_an_unreadable_file_costs_no_other_its_result(server, news, tmp_path):
    (tmp_path / "photo.txt").write_bytes(b"\x89PNG\r\n\0")
    files = (tmp_path / "absent.txt", news, tmp_path / "photo.txt", news)
    result = run("extract", *files, "--json", *hosted(server))
    assert result.exit_code == Exit.UNREADABLE
    assert len(result.stdout.splitlines()) == 2
    assert len(result.stderr.splitlines()) == 3
    assert "absent.txt: It cannot be opened" in result.stderr
    assert "photo.txt: The file is not UTF-8 text" in result.stderr


def test_no_call_is_paid_where_nothing_can_be_said(server, tmp_path):
    (tmp_path / "wall.txt").write_text("Thank you for registering\n\nPlease refresh the page\n")
    (tmp_path / "empty.txt").write_text("")
    result = run("extract", *sorted(tmp_path.iterdir()), "--json", *hosted(server))
    assert result.exit_code == Exit.UNREADABLE
    extraction = Extraction.model_validate_json(result.stdout)
    assert (extraction.status.value, extraction.claims) == ("ok", ())
    assert server.asked == []


def test_a_failed_extraction_is_a_line_and_exit_1(server, news):
    server.status = 500
    result = run("extract", news, "--json", "--deadline", "1", *hosted(server))
    assert result.exit_code == Exit.INCOMPLETE
    assert json.loads(result.stdout)["status"] == "unavailable"
    assert "news.txt: unavailable, 1 part without an answer: " in result.stderr


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["--published-at", "soon"], "ISO date"),
        (["--model", "sample-model"], "OPENAI_API_KEY"),
        (["--base-url", "http://127.0.0.1:9/v1"], "name the --model"),
        (["--deadline", "-1"], "deadline"),
        (["--prompt", "nonsense"], "prompt"),
        (["--out", "."], "name a file"),
        (["--out", "news.txt"], "one of the articles"),
        (["--out", "absent/out.jsonl"], "cannot be written"),
    ],
)
def test_what_the_user_must_mend_is_one_line_and_exit_2(server, news, monkeypatch, args, told):
    monkeypatch.chdir(news.parent)
    named = {"--model", "--base-url"} & set(args)
    result = run("extract", "news.txt", *args, *([] if named else hosted(server)))
    assert result.exit_code == Exit.USAGE
    assert told in result.stderr
    assert server.asked == []
    assert [p.name for p in news.parent.iterdir()] == ["news.txt"]


def test_a_refused_key_stops_the_run_and_keeps_what_there_was(server, news, tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("before\n")
    server.status = 401
    result = run("extract", news, news, "--out", out, *hosted(server))
    assert result.exit_code == Exit.USAGE
    assert len(server.asked) == 1
    assert out.read_text() == "before\n"


def test_out_holds_the_lines_and_verifies(server, news, tmp_path):
    out = tmp_path / "out.jsonl"
    assert run("extract", news, "--out", out, *DATE, *hosted(server)).exit_code == Exit.OK
    assert {p.name for p in tmp_path.iterdir()} == {"news.txt", "out.jsonl"}
    verified = run("verify", out, news)
    assert (verified.exit_code, verified.stdout) == (Exit.OK, "2 claims verified\n")
    out.write_text(out.read_text().replace("2021-03-01", "2021-03-02"))
    tampered = run("verify", out, news)
    assert tampered.exit_code == Exit.INCOMPLETE
    assert "time is not what its words say" in tampered.stdout


def test_verify_finds_the_article_among_many_results(server, news, tmp_path):
    other, out = tmp_path / "other.txt", tmp_path / "out.jsonl"
    other.write_text(TEXT + "\nThe end came late.\n")
    run("extract", other, news, "--out", out, *hosted(server))
    assert run("verify", out, news).exit_code == Exit.OK
    other.write_text("Another text.")
    assert run("verify", out, other).exit_code == Exit.UNREADABLE
    assert run("verify", news, news).exit_code == Exit.UNREADABLE
    assert run("verify", out, tmp_path / "absent.txt").exit_code == Exit.UNREADABLE


def test_a_claim_told_twice_is_listed_once(server, news):
    server.claims = [*CLAIMS, *CLAIMS]
    result = run("extract", news, *hosted(server))
    assert result.stdout.count("  • ") == len(CLAIMS)


def test_the_listing_fits_its_width(server, news, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    result = run("extract", news, *hosted(server))
    assert max(map(len, result.stdout.splitlines())) <= 60


def test_markup_in_an_article_is_printed_as_it_is(server, news):
    news.write_text("Notes [bold]from[/bold] town\n\nThe [red]barrier[/] of [link=x]old held.\n")
    server.claims = [claim(2, "The [red]barrier[/] | held")]
    result = run("extract", news, *hosted(server))
    assert "The [red]barrier[/] of [link=x]old held." in result.stdout


def test_a_closed_pipe_is_quiet(server, news):
    reading, writing = os.pipe()
    os.close(reading)
    process = started("extract", news, news, *hosted(server), stdout=writing)
    os.close(writing)
    errors = process.communicate(timeout=60)[1].decode()
    assert process.returncode == Exit.PIPE_CLOSED
    assert errors.count("\n") == 1  # where the text is sent


def test_ctrl_c_keeps_the_finished_articles(server, news, tmp_path):
    os.mkfifo(tmp_path / "never.txt")
    out = tmp_path / "out.jsonl"
    process = started(
        "extract", news, tmp_path / "never.txt", "--out", out, "--json", *hosted(server)
    )
    assert process.stdout
    line = process.stdout.readline()
    time.sleep(0.5)
    errors = interrupted(process)
    assert process.returncode == Exit.INTERRUPTED
    assert errors.decode().endswith("extractor: interrupted\n")
    assert out.read_bytes() == line


def interrupted(process: subprocess.Popen) -> bytes:
    """Press Ctrl-C, and again if the first came a moment before the wait that it should end."""
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=20)[1]
        except subprocess.TimeoutExpired:
            continue
    process.kill()
    raise AssertionError("Ctrl-C did not end it")


def test_what_should_not_happen_costs_no_other_its_result(server, news, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        monkeypatch.undo()
        raise RuntimeError("words of the article")

    monkeypatch.setattr("extractor.batch.read_article", broken)
    result = run("extract", news, news, "--json", *hosted(server))
    assert result.exit_code == Exit.INCOMPLETE
    assert len(result.stdout.splitlines()) == 1
    assert "news.txt: this should not happen (RuntimeError)" in result.stderr
    assert "words of the article" not in result.output


def test_a_bar_on_a_terminal_leaves_standard_output_alone(server, news, monkeypatch):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    result = run("extract", news, "--json", *hosted(server))
    assert Extraction.model_validate_json(result.stdout).claims
    assert "\x1b[" in result.stderr


def test_elsewhere_a_plain_line_tells_now_and_then(monkeypatch, capsys):
    from extractor import Progress, progress

    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.02)
    with progress.watched("news.txt", lambda _: None) as report:
        time.sleep(0.1)
        report(Progress(1, 4, ()))
        time.sleep(0.1)
    told = capsys.readouterr().err
    assert told.startswith("news.txt: starting the model, ")
    assert "\nnews.txt: 1 of 4 parts done, 0 claims, " in told

"""The ledger: locked, read-only, full, foreign or old, it says so and stays whole."""

import os
import resource
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
import replies
from backfilling import (
    accounts,
    answered,
    articles,
    bound,
    ended,
    is_intact,
    is_right,
    ledger_of,
    options,
    query,
    run,
    started,
)
from poison import ordinary_folder
from scripted import Scripted

from extractor import ConfigError
from extractor.bulk.ledger import LAYOUT, Accounts, Dead, Done, Ledger, Row
from extractor.exits import Exit

COUNT = 20


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", replies.KEY)
    with Scripted(answered()) as found:
        yield found


def test_every_commit_is_on_the_disk_before_it_counts(output):
    with Ledger(ledger_of(output)) as ledger, ledger.transaction() as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert file.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_listing_waits_for_no_disk_and_leaves_that_to_the_answers(output):
    with Ledger(ledger_of(output)) as ledger:
        ledger.enlist([Row(0, b"1", "0")])
        with pytest.raises(ConfigError):
            ledger.enlist([Row("x", b"1", "0")])  # type: ignore[arg-type]
        with ledger.transaction() as file:
            assert file.execute("PRAGMA synchronous").fetchone() == (2,)
        assert ledger.accounts().inputs == 1


def test_outcomes_are_kept_all_or_none(output):
    with Ledger(ledger_of(output)) as ledger:
        broken = Dead(b"2", None, "no reason")  # type: ignore[arg-type]
        with pytest.raises(ConfigError):
            ledger.keep([Done(b"1", "{}", b"{}"), broken])
        assert ledger.new([b"1", b"2"]) == {b"1", b"2"}
        ledger.keep([Done(b"1", "{}", b"{}"), Dead(b"2", "refused", "no", b"{}")])
        assert ledger.new([b"1", b"2", b"3"]) == {b"3"}
        assert ledger.dead_among([b"1", b"2", b"3"]) == {b"2"}


def test_a_result_ends_a_dead_letter_and_nothing_ends_a_result(output):
    with Ledger(ledger_of(output)) as ledger:
        ledger.enlist([Row(n, b"1", str(n), "{}", 4) for n in range(3)])
        ledger.enlist([Row(3, None, "3", problem="no JSON")])
        ledger.keep([Dead(b"1", "refused", "no")])
        assert ledger.accounts() == Accounts(0, 4, 0)
        ledger.keep([Done(b"1", "{}", b"first")])
        ledger.keep([Done(b"1", "{}", b"second")])
        assert ledger.accounts() == Accounts(3, 1, 0)
        assert [body for _, _, body in ledger.results()] == [b"first"] * 3
        assert [reason for _, _, reason, *_ in ledger.dead()] == ["unreadable"]


def test_a_run_beside_another_is_told(source, output, server):
    with Ledger(ledger_of(output)):
        for more in ([], ["--dry-run"]):
            result = run(source, output, *options(server, *more))
            assert result.exit_code == Exit.USAGE
            assert "in use by another run" in result.stderr
    assert server.requests == []
    assert run(source, output, *options(server)).exit_code == Exit.OK


@pytest.mark.parametrize(
    "data", [b"Invented: no ledger.\n" * 100, b"SQLite format 3\0" + b"\xff" * 5_000]
)
def test_a_file_that_is_no_ledger_is_left_as_it_is(source, output, server, data):
    ledger_of(output).write_bytes(data)
    result = run(source, output, *options(server))
    assert result.exit_code == Exit.USAGE
    assert "cannot be read" in result.stderr
    assert "move it away" in result.stderr
    assert ledger_of(output).read_bytes() == data
    assert server.requests == []


def test_a_ledger_of_another_layout_is_left_as_it_is(source, output, server):
    with closing(sqlite3.connect(ledger_of(output))) as file:
        file.execute(f"PRAGMA user_version={LAYOUT + 1}")
    result = run(source, output, *options(server))
    assert result.exit_code == Exit.USAGE
    assert "another version" in result.stderr
    assert query(output, "PRAGMA user_version") == [(LAYOUT + 1,)]
    assert query(output, "SELECT name FROM sqlite_master") == []
    assert server.requests == []


def test_a_damaged_page_is_told_and_the_run_ends(source, output, server):
    run(source, output, *options(server))
    data = bytearray(ledger_of(output).read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    ledger_of(output).write_bytes(data)
    result = run(source, output, *options(server))
    assert result.exit_code == Exit.USAGE
    assert "cannot be read" in result.stderr


@pytest.mark.parametrize("is_begun", [False, True], ids=["new", "begun"])
def test_a_folder_that_is_read_only_is_told(server, is_begun):
    with ordinary_folder() as folder:
        source, output = articles(folder / "in.jsonl", COUNT), folder / "sub" / "out.jsonl"
        output.parent.mkdir()
        calls = 0
        if is_begun:
            run(source, output, *options(server))
            calls = COUNT
            articles(source, COUNT + 1)
            ledger_of(output).chmod(0o400)
        output.parent.chmod(0o500)
        try:
            result = run(source, output, *options(server))
        finally:
            output.parent.chmod(0o700)
        assert result.exit_code == Exit.USAGE
        assert "cannot be written" in result.stderr
        assert "permissions" in result.stderr
        assert len(server.requests) == calls
        if is_begun:
            ledger_of(output).chmod(0o600)
            assert run(source, output, *options(server)).exit_code == Exit.OK
            assert is_right(output, COUNT + 1)


def test_a_disk_that_is_full_is_told_and_the_next_run_goes_on(source, output, server):
    """No file may grow beyond a bound, which stands for a full disk wherever the tests run."""
    articles(source, 120)

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))

    code, _, errors = ended(started(source, output, *options(server), preexec_fn=bounded))
    assert code == Exit.USAGE
    assert "cannot be written" in errors
    assert "free some space" in errors
    assert "Traceback" not in errors
    assert not output.exists()
    assert_whole_and_going_on(source, output, server)


def test_a_file_system_that_is_full_is_told_and_the_next_run_goes_on(source, server, tmp_path):
    """The real thing, where it may be mounted."""
    articles(source, 120)
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", disk]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system cannot be mounted here")
    output = disk / "out.jsonl"
    try:
        result = run(source, output, *options(server))
        assert result.exit_code == Exit.USAGE
        assert "cannot be written" in result.stderr
        assert "full" in result.stderr
        subprocess.run(["mount", "-o", "remount,size=10m", disk], check=True)
        assert_whole_and_going_on(source, output, server)
    finally:
        subprocess.run(["umount", disk], check=True)


def assert_whole_and_going_on(source: Path, output: Path, server: Scripted) -> None:
    assert is_intact(output)
    assert {path.name for path in output.parent.iterdir()} <= {
        source.name,
        ledger_of(output).name,
        f"{ledger_of(output).name}-wal",
    }
    kept, paid = query(output, "SELECT count(*) FROM results")[0][0], len(server.requests)
    assert 0 < paid - kept <= bound(16)
    result = run(source, output, *options(server))
    assert (result.exit_code, accounts(result.stdout)) == (Exit.OK, (120, 0, 0))
    assert len(server.requests) - paid == 120 - kept
    assert is_right(output, 120)

"""A backfill that is killed or told to stop: nothing is lost, and little is paid twice."""

import os
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from backfilling import (
    accounts,
    answered,
    articles,
    bound,
    ended,
    environment,
    ids,
    is_intact,
    is_right,
    ledger_of,
    numbers,
    options,
    query,
    run,
    started,
    until,
)
from replies import completion
from scripted import Reply, Scripted

from extractor.exits import Exit

CLAIMS = completion('{"claims": []}').body
COUNT = 150
AT_ONCE = ("--concurrency", "8")


def committed(output: Path) -> int:
    return query(output, "SELECT count(*) FROM results")[0][0]


def children(process: subprocess.Popen) -> list[int]:
    """Processes that it started, and which still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = path.parent.name, path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if rest[1] == str(process.pid) and rest[0] != "Z":
            found.append(int(pid))
    return found


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_killed_three_times_it_loses_nothing_and_pays_little_twice(source, output):
    with Scripted(answered(delay=0.02)) as server:
        for kill in range(3):
            before = len(server.requests)
            process = started(source, output, *options(server, *AT_ONCE))
            until(lambda seen=before: len(server.requests) >= seen + 25)
            process.kill()
            ended(process)
            again = len(numbers(server)) - len(set(numbers(server)))
            assert again <= kill * bound(8)
            assert is_intact(output)
            assert not output.exists()
        code, told, _ = ended(started(source, output, *options(server, *AT_ONCE)))
        assert (code, accounts(told)) == (Exit.OK, (COUNT, 0, 0))
        assert is_right(output, COUNT)
        assert max(Counter(numbers(server)).values()) <= 4
        assert len(numbers(server)) - COUNT <= 3 * bound(8)
        calls, data = len(server.requests), output.read_bytes()
        assert run(source, output, *options(server)).exit_code == Exit.OK
        assert (len(server.requests), output.read_bytes()) == (calls, data)


@pytest.mark.parametrize(
    ("number", "workers"), [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGINT, 2)]
)
def test_told_to_stop_it_makes_no_new_call_and_keeps_what_is_paid(source, output, number, workers):
    with Scripted(answered(delay=0.3)) as server:
        process = started(
            source, output, *options(server, *AT_ONCE, "--workers", workers), start_new_session=True
        )
        until(lambda: len(server.requests) >= 12)
        os.killpg(process.pid, number)  # as a terminal does: all of the group hear it
        code, told, errors = ended(process)
        paid = len(server.requests)
        assert code == Exit.INTERRUPTED
        assert paid <= 12 + 8 + 8  # those under way, and those begun before it was heard
        assert committed(output) == paid
        assert accounts(told)[0] == paid
        assert "interrupted" in told
        assert "was not written" in told
        assert errors.count("\n") == 1, errors
        assert not output.exists()
        server.script = [answered()]
        assert run(source, output, *options(server, "--concurrency", 32)).exit_code == Exit.OK
        assert len(server.requests) == COUNT
    assert is_right(output, COUNT)


def test_a_second_ctrl_c_ends_it_at_once(source, output):
    replies = {number: Reply(CLAIMS, delay=30) for number in range(40, COUNT)}
    with Scripted(answered(replies)) as server:
        process = started(source, output, *options(server, *AT_ONCE))
        until(lambda: len(server.requests) >= 48)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=1)  # it drains
        process.send_signal(signal.SIGINT)
        code, told, errors = ended(process)
        server.stopping.set()
    assert code == Exit.INTERRUPTED
    assert accounts(told)[0] == committed(output) == 40
    assert errors.count("\n") == 1, errors
    assert is_intact(output)


def test_standard_input_that_never_ends_is_read_until_ctrl_c(source, output):
    reading, writing = os.pipe()
    with Scripted(answered()) as server:
        process = started("-", output, *options(server, *AT_ONCE), stdin=reading)
        os.close(reading)
        os.write(writing, source.read_bytes()[:15_000])
        until(lambda: len(server.requests) >= 90)
        process.send_signal(signal.SIGINT)
        code, told, errors = ended(process)
        os.close(writing)
    assert code == Exit.INTERRUPTED, errors
    assert accounts(told)[0] >= 90
    assert errors.count("\n") == 1, errors


def test_no_worker_outlives_a_parent_that_is_killed(source, output):
    with Scripted(answered(delay=0.05)) as server:
        process = started(source, output, *options(server, *AT_ONCE, "--workers", 2))
        until(lambda: len(server.requests) >= 40)
        workers = children(process)
        assert len(workers) >= 2
        process.kill()
        _, _, errors = ended(process)
        until(lambda: not any(map(is_running, workers)))
        assert errors.count("\n") == 1, errors
        code, told, _ = ended(started(source, output, *options(server, "--workers", 2)))
        assert (code, accounts(told)) == (Exit.OK, (COUNT, 0, 0))
        assert len(numbers(server)) - COUNT <= bound(8)
    assert is_right(output, COUNT)


def test_a_worker_that_is_killed_ends_the_run_and_the_next_one_goes_on(source, output):
    with Scripted(answered(delay=0.05)) as server:
        process = started(source, output, *options(server, *AT_ONCE, "--workers", 2))
        until(lambda: len(server.requests) >= 40)
        os.kill(max(children(process)), signal.SIGKILL)
        code, told, errors = ended(process)
        assert code == Exit.USAGE
        assert "A worker process ended by itself" in errors
        assert "Traceback" not in errors
        assert accounts(told)[0] == committed(output)
        assert run(source, output, *options(server)).exit_code == Exit.OK
        assert len(server.requests) - COUNT <= 8
    assert is_right(output, COUNT)


def test_two_workers_find_what_one_finds(tmp_path, output):
    source, other = articles(tmp_path / "in.jsonl", 60), tmp_path / "other.jsonl"
    with Scripted(answered(delay=0.01)) as server:
        assert run(source, other, *options(server)).exit_code == Exit.OK
        code, told, _ = ended(started(source, output, *options(server, "--workers", 2)))
    assert (code, accounts(told)) == (Exit.OK, (60, 0, 0))
    assert len(server.requests) == 120
    assert ids(output) == ids(other)
    assert is_right(output, 60)


def test_the_ledger_names_the_run_that_has_it(source, output):
    with Scripted(answered(delay=0.5)) as server:
        process = started(source, output, *options(server))
        until(lambda: len(server.requests) >= 1)
        second = run(source, output, *options(server), given="")
        process.kill()
        ended(process)
    assert second.exit_code == Exit.USAGE
    assert f"{ledger_of(output).name} is in use by another run" in second.stderr
    assert environment()["OPENAI_API_KEY"] not in second.output
    assert is_intact(output)

"""The progress of a backfill: a plain line now and then, a bar on a terminal."""

import os
import pty
import re
import threading
import time

import pytest
from backfilling import accounts, answered, articles, ended, options, run, started
from scripted import Scripted

from extractor.bulk import watch
from extractor.bulk.ledger import Dead, Done
from extractor.bulk.stop import Stop
from extractor.bulk.tally import Tally
from extractor.exits import Exit
from schemas import Usage

LINE = re.compile(r"^backfill: [\d,]+ of 60 inputs, [\d.]+/s, [\d,]+ tokens", re.M)


def tally_of(results: int, dead: int, total: int | None = 1_000) -> Tally:
    made = Tally(total=total, began=time.monotonic() - 10)
    for number in range(results + dead):
        outcome = Dead(b"", "refused", "") if number < dead else Done(b"", "", b"")
        made.add(outcome, Usage(calls=1, input_tokens=1_000, output_tokens=500, cost_usd=0.01))
    return made


def test_elsewhere_a_plain_line_tells_now_and_then(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setattr(watch, "SECONDS_BETWEEN_LINES", 0.1)
    source = articles(tmp_path / "in.jsonl", 60)
    with Scripted(answered(delay=0.1)) as server:
        result = run(source, tmp_path / "out.jsonl", *options(server))
    assert result.exit_code == Exit.OK
    assert len(LINE.findall(result.stderr)) >= 2
    assert "\x1b" not in result.output


def test_a_bar_on_a_terminal_leaves_standard_output_alone(tmp_path):
    source = articles(tmp_path / "in.jsonl", 60)
    ours, theirs = pty.openpty()
    seen = bytearray()

    def read() -> None:
        try:
            while data := os.read(ours, 4_096):
                seen.extend(data)
        except OSError:  # the other end is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    with Scripted(answered(delay=0.4)) as server:
        process = started(source, tmp_path / "out.jsonl", *options(server), stderr=theirs)
        os.close(theirs)
        code, told, _ = ended(process)
    reader.join()
    os.close(ours)
    assert (code, accounts(told)) == (Exit.OK, (60, 0, 0))
    assert "\x1b" not in told
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode(errors="replace"))
    assert "\x1b[" in seen.decode(errors="replace")
    assert "of 60 inputs" in shown
    assert "backfill" in shown


@pytest.mark.parametrize(
    ("tally", "count"),
    [
        (tally_of(0, 0), "0 of 1,000 inputs"),
        (tally_of(7, 3), "10 of 1,000 inputs"),
        (tally_of(1, 0, None), "1 input"),
    ],
)
def test_the_count_has_an_end_where_one_is_known(tally, count):
    assert watch.count_of(tally) == count


def test_the_state_tells_pace_failures_cost_and_why_it_waits():
    stop = Stop()
    told = watch.state_of(tally_of(7, 3), stop, 0)
    assert told == "1.0/s, 15,000 tokens, 3 dead, $0.1000"
    assert "pause of 1 min 5 s" in watch.state_of(tally_of(1, 0), stop, 65)
    stop.interrupt()
    assert watch.state_of(tally_of(1, 0), stop, 65).endswith("finishing what is under way")


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 s"), (59.4, "59 s"), (185, "3 min 5 s"), (7_800, "2 h 10 min")]
)
def test_durations_are_told_as_people_do(seconds, told):
    assert watch.duration(seconds) == told


def test_the_time_left_follows_the_pace():
    assert tally_of(10, 0).seconds_left == pytest.approx(990, rel=0.01)
    assert tally_of(0, 0).seconds_left is None
    assert tally_of(10, 0, None).seconds_left is None
    assert tally_of(10, 0, 5).seconds_left == 0

"""Many machines: two Ray nodes on this one, a node lost, everything killed and resumed.

Needs Ray (``pip install '.[ray]'``), which no lock file names; without it most of this is skipped.
"""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import raying
from raying import KEY, filled, until

from evals.bench.answering import answering, text
from extractor.bulk import rayed
from extractor.bulk.plan import Backfill
from extractor.bulk.pool import COMMIT_ROWS
from extractor.bulk.run import run
from extractor.bulk.stop import Stop
from extractor.errors import ConfigError
from extractor.settings import LOCAL, Settings

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason="Ray is not installed: pip install '.[ray]'"
)
HOSTED = Settings("bench", "http://127.0.0.1:9/v1", KEY)
BUSY = 120.0  # seconds that a busy machine may take to start anything
pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore"),  # Ray's own, and its processes'
]


def planned(tmp_path: Path, **more) -> Backfill:
    source = tmp_path / "in.jsonl"
    source.write_text(json.dumps({"text": text(1)}) + "\n")
    return Backfill(str(source), tmp_path / "out", **{"via": "ray", "workers": 2} | more)


@pytest.mark.parametrize("block", [0, 1_001, 100_000_000])
def test_a_block_that_would_cost_much_to_lose_is_refused(tmp_path, block):
    with pytest.raises(ConfigError, match="Set --block 1000 or less"):
        run(planned(tmp_path, block=block), HOSTED, Stop())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("workers", "concurrency"), [(0, 16), (20, 16), (1, 1_001)])
def test_actors_with_too_much_or_nothing_to_do_are_refused(tmp_path, workers, concurrency):
    with pytest.raises(ConfigError, match="--workers and --concurrency"):
        run(planned(tmp_path, workers=workers, concurrency=concurrency), HOSTED, Stop())


def test_an_embedded_model_in_each_actor_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="load the embedded model anew"):
        run(planned(tmp_path), Settings(LOCAL), Stop())


def test_without_ray_it_says_what_to_install(tmp_path, monkeypatch):
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(rayed, "import_module", missing)
    with pytest.raises(ConfigError, match=r"pip install 'fact-extractor\[ray\]'"):
        run(planned(tmp_path), HOSTED, Stop())
    assert not (tmp_path / "out").exists()


@needs_ray
@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:99999"])
def test_a_cluster_that_is_not_there_is_told_at_once(tmp_path, monkeypatch, address):
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(ConfigError, match="nothing listens there"):
        run(planned(tmp_path), HOSTED, Stop())


def test_every_bound_is_divided_and_no_key_is_handed_over(tmp_path):
    plan = planned(tmp_path, workers=4, concurrency=64, rpm=600.0, tpm=1e6, max_cost=10.0)
    given = rayed.work_of(plan, HOSTED)
    assert (given.concurrency, given.rpm, given.tpm, given.max_cost) == (16, 150.0, 250_000.0, 2.5)
    assert given.settings.api_key is None
    assert given.has_key


@pytest.fixture(scope="module")
def nodes():
    with raying.two_nodes() as found:
        yield found


def written(folder: Path, count: int) -> Path:
    """JSON lines and Parquet; some lines are broken, some texts come twice."""
    half = count // 2
    lines = [json.dumps({"id": f"j{n}", "text": text(n)}) for n in range(half)]
    lines[7:7] = ["{ broken", json.dumps({"id": "empty", "text": ""}), "", lines[5]]
    folder.mkdir()
    (folder / "a.jsonl").write_text("\n".join(lines))
    rows = {"id": [f"p{n}" for n in range(half)], "text": [text(half + n) for n in range(half)]}
    pq.write_table(pa.table(rows), folder / "b.parquet", row_group_size=33)
    return folder


def expected(count: int) -> list[str]:
    half = count // 2
    return sorted([*(f"j{n}" for n in range(half)), "j5", *(f"p{n}" for n in range(half))])


def parts(report) -> tuple[int, int, int, object]:
    of = report.accounts
    return of.results, of.dead, of.skipped, report.error


def found(output: Path) -> list[str]:
    return sorted(pq.read_table(output / "results")["id"].to_pylist())


def holds(folder: Path, words: str) -> list[str]:
    """Files in ``folder`` that hold ``words``."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path.name for path in files if words.encode() in path.read_bytes()]


@needs_ray
def test_two_nodes_fill_everything_at_the_rate_that_is_set(nodes: SimpleNamespace, tmp_path):
    source, output = written(tmp_path / "in", 200), tmp_path / "out"
    with answering(limit=40) as server:
        report = filled(source, output, server.url, rpm=40 * 60.0)
        stats = server.stats()
        again = filled(source, output, server.url)
        assert server.stats() == stats
    assert report.accounts == again.accounts
    assert parts(report) == (201, 2, 0, None)
    assert report.reasons == {"unreadable": 2}
    assert found(output) == expected(200)
    assert (stats["served"], stats["distinct"]) == (200, 200)
    assert stats["limited"] <= 3
    assert report.tally.calls == stats["requests"]
    assert not holds(output, KEY)
    assert not holds(nodes.logs, KEY)
    assert not holds(nodes.logs, "Samplehaven")  # stands in each article


@needs_ray
def test_killed_with_its_cluster_it_is_resumed_on_another(nodes: SimpleNamespace, tmp_path):
    source, output = written(tmp_path / "in", 200), tmp_path / "out"
    with answering(latency=0.2) as server:
        command = [sys.executable, raying.__file__, str(source), str(output), server.url]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        until(lambda: server.stats()["served"] >= 90 or running.poll() is not None, BUSY)
        assert running.poll() is None, running.communicate()[0].decode()
        raying.kill(running.pid)
        running.communicate()
        report = filled(source, output, server.url)
        stats = server.stats()
    again = stats["served"] - stats["distinct"]
    print(f"answered in all {stats['served']}, paid for again {again}")
    assert parts(report) == (201, 2, 0, None)
    assert found(output) == expected(200)
    assert stats["distinct"] == 200
    assert again <= raying.PLAN["concurrency"] + 2 * COMMIT_ROWS
    assert not list((output / "open").iterdir())


@needs_ray
def test_a_node_that_is_lost_costs_little_and_holds_up_nothing(nodes: SimpleNamespace, tmp_path):
    source, output = written(tmp_path / "in", 200), tmp_path / "out"
    from threading import Thread

    def lose() -> None:
        until(lambda: server.stats()["served"] >= 60, BUSY)
        nodes.cluster.remove_node(nodes.node, allow_graceful=False)

    with answering(latency=0.2) as server:
        loser = Thread(target=lose)
        loser.start()
        report = filled(source, output, server.url)
        loser.join()
        stats = server.stats()
    again = stats["served"] - stats["distinct"]
    print(f"answered in all {stats['served']}, paid for again {again}")
    assert parts(report) == (201, 2, 0, None)
    assert found(output) == expected(200)
    assert again <= raying.PLAN["concurrency"] // 2 + COMMIT_ROWS

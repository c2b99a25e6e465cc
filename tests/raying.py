"""Two Ray nodes on this machine, one CPU each; run as a script, a backfill on two of its own.

``python raying.py SOURCE OUTPUT URL`` is there to be killed, with all that it started.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

KEY = "sk-invented-key-0123456789"
MEMORY = 100_000_000
PLAN = {"concurrency": 8, "workers": 2, "block": 20, "via": "ray"}


@contextmanager
def two_nodes() -> Iterator[SimpleNamespace]:
    """The cluster, its second node, and the folder of Ray's logs."""
    import ray
    from ray.cluster_utils import Cluster

    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "OPENAI_API_KEY": KEY}
    head = {"num_cpus": 1, "object_store_memory": MEMORY, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        node = cluster.add_node(num_cpus=1, object_store_memory=MEMORY)
        ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
        logs = Path(cluster.head_node.get_logs_dir_path())
        yield SimpleNamespace(cluster=cluster, node=node, logs=logs)
    finally:
        ray.shutdown()
        cluster.shutdown()


def settings(url: str):
    from extractor.settings import Settings

    return Settings("bench", url, KEY)


def filled(source: Path, output: Path, url: str, **more):
    from extractor.bulk.run import Backfill, run
    from extractor.bulk.stop import Stop

    return run(Backfill(str(source), output, **PLAN | more), settings(url), Stop())


def kill(pid: int) -> None:
    """SIGKILL a process and all that it and its children started, found before any of them ends."""
    for each in [pid, *_below(pid)]:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def _below(pid: int) -> list[int]:
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def until(true, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


if __name__ == "__main__":
    with two_nodes():
        print(filled(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]).accounts)

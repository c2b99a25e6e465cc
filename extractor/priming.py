"""Reading the fixed part of a prompt once, for all slots of the embedded model and for later runs.

Each slot of the server keeps its own state. Reading four hundred tokens takes a small machine
20 s, once a slot; the state of one slot, saved, is restored to the others in milliseconds.
"""

import hashlib
import json
import threading
from collections.abc import Sequence

import httpx2

from extractor.local import SLOTS, LocalServer, state_folder
from extractor.model import Message

SECONDS = 300.0
_primed: set[tuple[str, str]] = set()
_lock = threading.Lock()


def prime(server: LocalServer, prefix: Sequence[Message]) -> None:
    """Have every slot of ``server`` know ``prefix``. Failing costs time later, nothing else."""
    name = _state_name(server, prefix)
    with _lock:
        if (server.address, name) in _primed:
            return
        try:
            _fill(server, prefix, name)
        except (httpx2.HTTPError, OSError):
            return
        _primed.add((server.address, name))


def _state_name(server: LocalServer, prefix: Sequence[Message]) -> str:
    """One name a model, runtime and prefix: a state read by another model would be nonsense."""
    from importlib.metadata import version

    what = json.dumps([server.model, version("xllamacpp"), list(prefix)])
    return hashlib.sha256(what.encode()).hexdigest()[:24] + ".state"


def _fill(server: LocalServer, prefix: Sequence[Message], name: str) -> None:
    key = {"Authorization": f"Bearer {server.api_key}"}
    with httpx2.Client(
        base_url=server.address, headers=key, timeout=SECONDS, trust_env=False
    ) as client:
        if not (state_folder() / name).is_file() or not _restored(client, 0, name):
            _read(client, prefix)
            client.post("/slots/0?action=save", json={"filename": name}).raise_for_status()
        for slot in range(1, SLOTS):
            _restored(client, slot, name)


def _read(client: httpx2.Client, prefix: Sequence[Message]) -> None:
    messages = [*prefix, {"role": "user", "content": ""}]
    wanted = {"messages": messages, "max_tokens": 1, "temperature": 0, "id_slot": 0}
    client.post("/v1/chat/completions", json=wanted).raise_for_status()


def _restored(client: httpx2.Client, slot: int, name: str) -> bool:
    return client.post(f"/slots/{slot}?action=restore", json={"filename": name}).is_success

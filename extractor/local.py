"""The embedded model: llama.cpp's server inside this process, on loopback, with a key."""

import importlib
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from extractor.errors import ConfigError
from extractor.settings import LOCAL
from extractor.weights import ALTERNATIVES, NAME, weights

SLOTS = 4
SLOT_TOKENS = 2048


@dataclass(frozen=True)
class LocalServer:
    """A running server. ``server`` is held so that it lives as long as the process."""

    address: str
    api_key: str
    model: str
    server: object

    @property
    def base_url(self) -> str:
        """Where an OpenAI client finds it."""
        return f"{self.address}/v1"


_servers: dict[str, LocalServer] = {}
_lock = threading.Lock()


def cache_folder() -> Path:
    """Where joined weights are kept: ``EXTRACTOR_CACHE``, else the user's cache folder."""
    if chosen := os.environ.get("EXTRACTOR_CACHE"):
        return Path(chosen)
    from platformdirs import user_cache_path

    return user_cache_path("fact-extractor")


def state_folder() -> Path:
    """Where the read state of fixed prompt parts is kept, so that it is computed once."""
    folder = cache_folder() / "states"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The cache folder cannot be written: {error.strerror}. Set EXTRACTOR_CACHE to one "
            "that can."
        ) from error
    return folder


def model_file(model: str) -> Path:
    """The GGUF file of ``model``: the embedded weights for ``local``, else the path itself.

    Raises:
        ConfigError: there is no such file, or the weights cannot be had.
    """
    if model == LOCAL:
        _require_runtime()
        return weights(cache_folder())
    path = Path(model).expanduser()
    if not path.is_file():
        raise ConfigError(f"There is no model file {path.name!r}: give the path of a GGUF file.")
    return path


def local_server(model: str, say: Callable[[str], None] = lambda _: None) -> LocalServer:
    """The server of ``model``, started on first use and shared by all calls of the process.

    Raises:
        ConfigError: the runtime or the weights are not there, or the file is no model.
    """
    with _lock:
        if model not in _servers:
            say("Loading the embedded model (a few seconds) ...")
            _servers[model] = _start(
                model_file(model), NAME if model == LOCAL else Path(model).stem
            )
        return _servers[model]


def _require_runtime() -> None:
    # Spinning threads on a busy machine are four times slower; set before the runtime loads.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        for module in ("platformdirs", "xllamacpp"):
            importlib.import_module(module)
    except ImportError as error:
        raise ConfigError(
            "The embedded model's runtime is not installed. " + ALTERNATIVES
        ) from error


def _start(path: Path, name: str) -> LocalServer:
    _require_runtime()
    runtime: Any = importlib.import_module("xllamacpp")  # it ships no types
    key = secrets.token_urlsafe(24)
    params = runtime.CommonParams()
    params.model.path = str(path)
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [key]
    params.n_parallel = SLOTS
    params.n_ctx = SLOTS * SLOT_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads()
    params.verbosity = 0
    params.ui = False
    params.endpoint_slots = True
    params.slot_save_path = f"{state_folder()}{os.sep}"
    try:
        server = runtime.Server(params)
    except (RuntimeError, ValueError) as error:
        raise ConfigError(
            f"{path.name} could not be loaded as a model: is it a GGUF file?"
        ) from error
    return LocalServer(_address(server), key, name, server)


def _address(server: object) -> str:
    for _ in range(200):
        address = str(getattr(server, "listening_address", ""))
        if address and not address.endswith(":0"):
            return address
        time.sleep(0.05)
    raise ConfigError(
        "The embedded model's server did not come up: is loopback networking allowed?"
    )


def threads() -> int:
    """How many threads the model uses: the cores this process may use, at most 8."""
    return min(
        8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    )

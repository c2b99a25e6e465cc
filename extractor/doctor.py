"""Which model would be used, whether it can answer, and what to do if not."""

import importlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from extractor.errors import ConfigError
from extractor.settings import LOCAL, Settings
from extractor.weights import ALTERNATIVES, NAME, PACKAGE, PARTS, SIZE

ANSWER_SECONDS = 5.0
LIST_LIMIT = 1_000_000
GGUF = b"GGUF"
UNREACHED = (
    f"no answer from {{}} within {ANSWER_SECONDS:g} s: is it running, and OPENAI_BASE_URL right?"
)


@dataclass(frozen=True)
class Finding:
    """One line of the report. ``ok``: False stops every extraction, None is worth knowing."""

    label: str
    text: str
    ok: bool | None = True


def examine(settings: Settings, load: bool = False) -> Iterator[Finding]:
    """Findings as they are made, the quick ones first. No key and no user name is ever in one.

    Args:
        settings: what an extraction would use.
        load: also load the embedded model and ask it (seconds, and a gigabyte of memory).
    """
    if settings.is_embedded:
        yield Finding("model", f"{settings.model}, embedded: no text leaves this machine")
        yield from _embedded(settings, load)
        return
    assert settings.base_url is not None
    yield Finding("model", f"{settings.model}, hosted: the article's text is sent away")
    yield Finding("endpoint", host(settings.base_url))
    if settings.api_key:
        yield Finding("key", "set")
    else:
        yield Finding("key", "not set (OPENAI_API_KEY): some servers need none", ok=None)
    yield _answering(settings.model, settings.base_url, settings.api_key)


def host(base_url: str) -> str:
    """Host and port of an address, without user, password, path or query."""
    return urlsplit(base_url).netloc.rpartition("@")[2]


def _embedded(settings: Settings, load: bool) -> Iterator[Finding]:
    runtime = _runtime()
    yield runtime
    if settings.model == LOCAL:
        if runtime.ok:
            yield from _weights()
    else:
        yield _model_file(Path(settings.model).expanduser())
    if load and runtime.ok:
        yield _loaded(settings.model)
    elif runtime.ok:
        yield Finding("answers", "not tried: --load loads it and asks", ok=None)


def _runtime() -> Finding:
    # As extractor.local sets it: it counts only before the runtime is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        for name in ("platformdirs", "xllamacpp"):
            importlib.import_module(name)
    except ImportError:
        return Finding("runtime", "not installed. " + ALTERNATIVES, ok=False)
    return Finding("runtime", f"xllamacpp {metadata.version('xllamacpp')}")


def _weights() -> Iterator[Finding]:
    from extractor.local import cache_folder

    cache = cache_folder()
    free = shutil.disk_usage(_existing(cache)).free
    path = cache / f"{NAME}.gguf"
    joined = path.is_file() and path.stat().st_size == SIZE
    missing = [n for n in range(1, PARTS + 1) if not _is_installed(PACKAGE.format(n))]
    if joined:
        yield Finding("weights", f"{NAME}, joined in the cache")
    elif missing:
        text = f"{len(missing)} of {PARTS} packages are not installed. {ALTERNATIVES}"
        yield Finding("weights", text, ok=False)
    else:
        yield Finding("weights", f"{NAME}, installed; joined at the first use")
    room = joined or free > SIZE
    advice = "" if room else "; 1.2 GB are needed: set EXTRACTOR_CACHE to a folder with room"
    yield Finding("cache", f"{cache} ({free / 1e9:.1f} GB free{advice})", ok=room)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.is_dir())


def _is_installed(package: str) -> bool:
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _model_file(path: Path) -> Finding:
    try:
        with path.open("rb") as file:
            ok = file.read(len(GGUF)) == GGUF
    except OSError as error:
        text = f"{path} cannot be opened ({error.strerror}): give the path of a GGUF file"
        return Finding("weights", text, ok=False)
    return Finding("weights", f"{path}" if ok else f"{path} is no GGUF file", ok=ok)


def _loaded(model: str) -> Finding:
    from extractor.local import local_server

    try:
        server = local_server(model)
    except ConfigError as error:
        return Finding("answers", str(error), ok=False)
    return _answering(server.model, server.base_url, server.api_key)


def _answering(model: str, base_url: str, api_key: str | None) -> Finding:
    """One request for the list of models; nothing is asked of the model and nothing is paid."""
    import httpx2

    headers = {"accept-encoding": "identity"}
    if api_key:
        headers["authorization"] = f"Bearer {api_key}"
    began = time.monotonic()
    try:
        with httpx2.stream(
            "GET", f"{base_url.rstrip('/')}/models", headers=headers, timeout=ANSWER_SECONDS
        ) as response:
            status = response.status_code
            body = _bounded(response.iter_raw(), began + ANSWER_SECONDS)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        return Finding("answers", UNREACHED.format(host(base_url)), ok=False)
    if not 200 <= status < 300:
        return Finding("answers", _advice(status), ok=False)
    return _judged(model, body, time.monotonic() - began)


def _bounded(chunks: Iterator[bytes], until: float) -> bytes:
    body = b""
    for chunk in chunks:
        body += chunk
        if len(body) > LIST_LIMIT or time.monotonic() > until:
            break
    return body


def _advice(status: int) -> str:
    if status in {401, 403}:
        return f"{status}: check OPENAI_API_KEY and what it may use"
    if status == 404:
        return "404: there is no list of models: OPENAI_BASE_URL mostly ends with /v1"
    return f"{status}: try again later" if status >= 429 else f"{status}: check OPENAI_BASE_URL"


def _judged(model: str, body: bytes, seconds: float) -> Finding:
    try:
        names = {entry["id"] for entry in json.loads(body)["data"]}
    except (ValueError, LookupError, TypeError, RecursionError):
        text = "it answers, but with no list of models: check OPENAI_BASE_URL"
        return Finding("answers", text, ok=False)
    if model in names:
        return Finding("answers", f"yes, in {seconds:.1f} s")
    text = f"yes, in {seconds:.1f} s, but does not list the model: check its name"
    return Finding("answers", text, ok=None)

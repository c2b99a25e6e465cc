"""Processor time of all threads of this process, by the package that spends it (Python 3.11).

Each thread has its own profile on its own clock, so that waiting costs nothing. The profile itself
makes small Python functions look dearer than they are: the shares are a guide, not a bill.
"""

import cProfile
import pstats
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("extractor", "prompts", "schemas")
STANDARD = "standard library"
Place = tuple[str, int, str]  # file, line, function
Callers = dict[Place, tuple[int, int, float, float]]
Entries = dict[Place, tuple[int, int, float, float, Callers]]


@contextmanager
def profiled() -> Generator[dict[str, float]]:
    """Within, seconds by package are added up, of this thread and of those that are started."""
    if sys.version_info >= (3, 12):
        raise NotImplementedError("From Python 3.12 on a profile is no longer one thread's own.")
    found, profiles = defaultdict[str, float](float), list[cProfile.Profile]()

    def begin(*_: object) -> None:
        profiles.append(cProfile.Profile(time.thread_time))
        profiles[-1].enable()

    threading.setprofile(begin)
    begin()
    mine = profiles[0]
    try:
        yield found
    finally:
        mine.disable()
        threading.setprofile(None)  # type: ignore[arg-type]  as documented
        for profile in profiles:
            _add(found, profile)


def _add(found: dict[str, float], profile: cProfile.Profile) -> None:
    """Built-in functions count for the package that called them."""
    entries: Entries = vars(pstats.Stats(profile))["stats"]
    for place, (_, _, own, _, callers) in entries.items():
        if place[0] != "~" or not callers:
            found[package_of(place)] += own
            continue
        for caller, (_, _, share, _) in callers.items():
            found[package_of(caller)] += share


def package_of(place: Place) -> str:
    """The package that a function is of; the ledger's share is SQLite's."""
    path = Path(place[0])
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1].removesuffix(".py")
    if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in OURS:
        return "sqlite" if path.name == "ledger.py" else path.relative_to(ROOT).parts[0]
    return STANDARD

"""How long batches are waited for, and what is tried again meanwhile."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from extractor.bulk.stop import Stop
from extractor.faults import FaultError

T = TypeVar("T")
SECONDS_BETWEEN_LOOKS = 0.2


@dataclass(frozen=True)
class Terms:
    """What goes in one file, and when the provider is asked again; all times in seconds.

    It takes 50,000 questions and 200 MB. ``first_look`` and ``longest_look`` are between two looks
    at batches under way, ``first_try`` and ``longest_try`` between two tries of what fails, for
    ``patience`` in all. A batch that was perhaps made is looked for again after ``second_look``.
    """

    questions: int = 50_000
    size: int = 190_000_000
    first_look: float = 15.0
    longest_look: float = 300.0
    first_try: float = 1.0
    longest_try: float = 60.0
    patience: float = 7200.0
    second_look: float = 20.0


class Halted(Exception):
    """The run was told to stop while it waited."""


async def pause(seconds: float, stop: Stop) -> None:
    """Wait, but not for what is not wanted any more.

    Raises:
        Halted: ``stop`` is set.
    """
    until = time.monotonic() + seconds
    while not stop and (left := until - time.monotonic()) > 0:
        await asyncio.sleep(min(left, SECONDS_BETWEEN_LOOKS))
    if stop:
        raise Halted


async def insist(step: Callable[[], Awaitable[T]], terms: Terms, stop: Stop) -> T:
    """What ``step`` gives, tried again while the provider cannot be reached or is busy.

    Raises:
        FaultError: no other try would go better, or there were enough.
        Halted: ``stop`` is set.
    """
    until, wait = time.monotonic() + terms.patience, terms.first_try
    while True:
        try:
            return await step()
        except FaultError as failed:
            if not failed.fault.retry or time.monotonic() >= until:
                raise
            asked = min(failed.fault.wait or 0.0, terms.longest_try)
        await pause(max(wait, asked), stop)
        wait = min(wait * 2, terms.longest_try)

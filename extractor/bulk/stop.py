"""Why a backfill makes no new call, and the hands that can tell it so."""

import asyncio
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from extractor.errors import ExtractorError


@dataclass
class Stop:
    """Set once: calls under way are finished and kept, no new one is made.

    ``interrupted`` also ends the reading of inputs. ``error`` is what the caller must mend.
    """

    why: str | None = None
    interrupted: bool = False
    error: ExtractorError | None = None

    def __bool__(self) -> bool:
        return self.why is not None

    def now(self, why: str, error: ExtractorError | None = None) -> None:
        """Stop for this reason; the first one counts."""
        if self.why is None:
            self.why, self.error = why, error

    def interrupt(self) -> None:
        """Stop because someone said so."""
        self.now("interrupted")
        self.interrupted = True


@contextmanager
def signals(stop: Stop, work: "asyncio.Task[None]") -> Generator[None]:
    """Within, a first Ctrl-C (or SIGTERM) drains, and a second one ends ``work`` at once.

    Only the main thread can hear them.
    """
    loop = asyncio.get_running_loop()
    is_main = threading.current_thread() is threading.main_thread()

    def heard() -> None:
        if stop.interrupted:
            work.cancel()
        stop.interrupt()

    numbers = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    for number in numbers:
        loop.add_signal_handler(number, heard)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)

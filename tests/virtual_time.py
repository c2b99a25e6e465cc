"""An event loop whose clock leaps to the next thing to do, so that hours pass in no time."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Real callbacks, real tasks; only waiting is skipped. Begins at 0 seconds."""

    def __init__(self) -> None:
        self._seconds = 0.0
        selector = selectors.SelectSelector()
        look = selector.select

        def leap(timeout: float | None = None) -> Any:
            assert timeout is not None, "everybody waits for somebody: a deadlock"
            self._seconds += timeout
            return look(0)

        selector.select = leap
        super().__init__(selector)

    def time(self) -> float:
        return self._seconds


def virtually(play: Callable[[Callable[[], float]], Coroutine[Any, Any, T]]) -> T:
    """The result of ``play(clock)``, run in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        return runner.run(play(loop.time))

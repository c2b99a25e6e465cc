"""What passes between the walk and a model: questions, bills, and a way to ask. No SDK in here."""

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import JsonValue

from extractor.errors import ExtractorError
from schemas import Usage

Message = dict[str, str]


@dataclass(frozen=True)
class Question:
    """Messages and how the answer is constrained: by a grammar, a schema, or plain JSON mode."""

    messages: tuple[Message, ...]
    max_tokens: int
    grammar: str | None = None
    response_format: dict[str, JsonValue] | None = None


@dataclass
class Meter:
    """Adds up what every attempt used, good or bad."""

    calls: int = 0
    retries: int = 0
    first_tries: int = 0
    unmetered: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    started: float = field(default_factory=time.monotonic)

    def read(self, response: object) -> None:
        """Take the usage of one response; a response without usage is counted apart."""
        usage = getattr(response, "usage", None)
        counts = [getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens")]
        if not all(isinstance(count, int) for count in counts):
            return
        self.unmetered -= 1
        self.input_tokens += cast("int", counts[0])
        self.output_tokens += cast("int", counts[1])
        cached = getattr(getattr(usage, "prompt_tokens_details", None), "cached_tokens", None)
        self.cached_tokens += cached if isinstance(cached, int) else 0

    def sent(self) -> None:
        """Count a call. It is unmetered until its usage arrives."""
        self.calls += 1
        self.unmetered += 1

    def turned_away(self) -> None:
        """The last call was refused unread: it has no bill to wait for."""
        self.unmetered -= 1

    def total(self) -> Usage:
        """The sum so far; seconds since the meter was made."""
        return Usage(
            calls=self.calls,
            retries=self.retries,
            first_tries=self.first_tries,
            unmetered_calls=self.unmetered,
            input_tokens=self.input_tokens,
            cached_tokens=self.cached_tokens,
            output_tokens=self.output_tokens,
            seconds=round(time.monotonic() - self.started, 3),
        )


Ask = Callable[[Question, Meter, float], Coroutine[Any, Any, list[JsonValue]]]


@dataclass(frozen=True)
class Model:
    """A model that can be asked. ``ask(question, meter, deadline)`` gives the answer's items.

    ``deadline`` is on the monotonic clock, in seconds: no wait goes beyond it. It raises
    ``Stopped`` where the whole article must stop, else a ``ModelError``.
    """

    name: str
    ask: Ask
    close: Callable[[], Coroutine[Any, Any, None]]


class Stopped(Exception):
    """No other window of this article could succeed; ``error`` is what to report."""

    def __init__(self, error: ExtractorError) -> None:
        super().__init__(str(error))
        self.error = error

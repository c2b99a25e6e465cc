"""What a server's failure means: which error, whether to try again, and when. No SDK in here."""

import email.utils
import re
import time
from collections.abc import Mapping, Set
from dataclasses import dataclass

from extractor.errors import (
    ConfigError,
    ExtractorError,
    ModelRefused,
    ModelUnavailable,
    OutputInvalid,
)

RETRIED = frozenset({408, 409, 425, 429})
NEVER_SERVED = frozenset({501, 505})
QUOTA = frozenset({"insufficient_quota", "billing_hard_limit_reached", "quota_exceeded"})
TOO_LONG = frozenset(
    {"context_length_exceeded", "string_above_max_length", "exceed_context_size_error"}
)
TOO_LONG_WORDS = re.compile(r"context (?:length|size|window)", re.IGNORECASE)
FILTERED = frozenset({"content_filter", "content_policy_violation"})
# What a question can be put without, and under which other name.
SPARED = {"temperature": None, "max_completion_tokens": "max_tokens"}


class Truncated(OutputInvalid):
    """The answer, or the question, did not fit the model: ask for less text at a time."""


class Filtered(ModelRefused):
    """A content filter, not the model, stopped the answer."""


@dataclass(frozen=True)
class Fault:
    """What a failure comes to.

    ``error`` to raise; ``retry`` to ask again, not before ``wait`` seconds where it is known;
    ``stop`` where every other window of the article would fail the same way; ``limit``, the
    answer's headers, where nothing but the provider's rate limit was met; ``param`` is what the
    server does not take, where the question can be put without it.
    """

    error: ExtractorError
    retry: bool = False
    wait: float | None = None
    stop: bool = False
    limit: Mapping[str, str] | None = None
    param: str | None = None


class FaultError(Exception):
    """Carries a fault through instructor and tenacity to the one place that translates it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault.error))
        self.fault = fault


def fault_of_status(
    status: int,
    kinds: Set[str],
    message: str,
    headers: Mapping[str, str],
    param: str | None = None,
) -> Fault:
    """Read an HTTP error status, the provider's code and type, message, headers and parameter."""
    if kinds & QUOTA:
        return Fault(
            ModelUnavailable("The account's quota is used up: add credit, or use another key."),
            stop=True,
        )
    if status == 413 or kinds & TOO_LONG or (status == 400 and TOO_LONG_WORDS.search(message)):
        return Fault(Truncated("The text is too long for the model's context."))
    if kinds & FILTERED:
        return Fault(Filtered("The provider's content filter stopped this text."))
    if status in RETRIED or (status >= 500 and status not in NEVER_SERVED):
        text = f"The model's server answered {status}: try again later."
        error, limit = ModelUnavailable(text), headers if status == 429 else None
        return Fault(error, retry=True, wait=retry_after(headers), limit=limit)
    spared = param if status == 400 and param in SPARED else None
    return Fault(ConfigError(_advice(status)), stop=True, param=spared)


def _advice(status: int) -> str:
    if status in {401, 403}:
        return f"The model's server answered {status}: check OPENAI_API_KEY and what it may use."
    if status == 404 or status < 400:
        return f"The model's server answered {status}: check the model's name and OPENAI_BASE_URL."
    return (
        f"The model's server answered {status}: it does not take this request. If it has no strict "
        "structured outputs, set EXTRACTOR_STRICT=off."
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by ``retry-after-ms`` or ``Retry-After`` (seconds or an HTTP date)."""
    named = {key.lower(): value for key, value in headers.items()}
    value = named.get("retry-after", "")
    seconds = _positive(named.get("retry-after-ms", ""), 1000)
    if seconds is None:
        seconds = _positive(value, 1)
    if seconds is not None:
        return seconds
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _positive(value: str, divisor: float) -> float | None:
    try:
        seconds = float(value) / divisor
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e9 else None

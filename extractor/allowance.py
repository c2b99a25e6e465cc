"""What a server's headers tell of its limits. No SDK in here."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])")
SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
LARGEST = 1e12


@dataclass(frozen=True)
class Allowance:
    """``limit`` in a period that is not told, what is left of it, and seconds until all is back."""

    limit: float
    remaining: float | None
    reset: float | None


def allowance(headers: Mapping[str, str], kind: str) -> Allowance | None:
    """What ``x-ratelimit-*-<kind>`` say, ``kind`` being requests or tokens; None without a limit.

    Values that make no sense count as not given. Names in ``headers`` are lower case, or found
    whatever their case, as the client's own are.
    """
    limit = _number(headers.get(f"x-ratelimit-limit-{kind}", ""))
    if not limit:
        return None
    return Allowance(
        limit,
        _number(headers.get(f"x-ratelimit-remaining-{kind}", "")),
        duration(headers.get(f"x-ratelimit-reset-{kind}", "")),
    )


def duration(value: str) -> float | None:
    """Seconds in "6m0s", "120ms", "1h2m3s" or a bare number of seconds; None for anything else."""
    parts = PART.findall(value)
    if parts and "".join(map("".join, parts)) == value.strip():
        seconds = sum(float(number) * SECONDS[unit] for number, unit in parts)
        return seconds if seconds < LARGEST else None
    return _number(value)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) and 0 <= number < LARGEST else None

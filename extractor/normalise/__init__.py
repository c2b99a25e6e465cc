"""What the words say in numbers and dates. Computed from the text alone: no model, no clock."""

from extractor.normalise.quantity import (
    LocatedQuantity,
    digits_of,
    find_quantities,
    unsupported_digits,
)
from extractor.normalise.time import LocatedTime, date_line, find_times

__all__ = [
    "LocatedQuantity",
    "LocatedTime",
    "date_line",
    "digits_of",
    "find_quantities",
    "find_times",
    "unsupported_digits",
]

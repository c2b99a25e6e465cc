"""Figures in a text: what is counted, how many, and how the words bound it."""

import re
from dataclasses import dataclass

from extractor.normalise.comparators import lead, trail
from extractor.normalise.figures import Figure, figures
from extractor.normalise.numbers import GAP, digits_of, may_count
from extractor.normalise.support import unsupported_digits
from extractor.normalise.units import TIME_AFTER, noun_after
from extractor.normalise.vocabulary import listed
from schemas.claims import Comparator, Quantity

__all__ = ["LocatedQuantity", "digits_of", "find_quantities", "unsupported_digits"]

_REACH = 24
_AGE_BEFORE = re.compile(rf"[^\W\d_],{GAP}\Z")
_AGE_AFTER = re.compile(rf"[,;](?!{GAP}(?:or|and)\b)")
_NAME_BEFORE = re.compile(rf"[\w,;’'”\"]{GAP}(?!\w+day\b)[A-Z][\w’'&-]*{GAP}\Z")
# They bound a year as well as they bound a number.
_PREPOSITIONS = frozenset(listed("about above around below between circa over under"))
_NO_ONE = re.compile(rf"\b(?:no|this|that|which|each|every){GAP}\Z", re.IGNORECASE)


@dataclass(frozen=True)
class LocatedQuantity:
    """A quantity and where it stands: ``text[start:end] == quantity.text``, in code points."""

    start: int
    end: int
    quantity: Quantity


def find_quantities(
    text: str, start: int = 0, end: int | None = None
) -> tuple[LocatedQuantity, ...]:
    """Every figure that counts or measures something between ``start`` and ``end`` (code points).

    Values are in plain units: "$2.4bn" is 2.4e9 USD, "10 per cent" is 10 per cent, "a third of"
    is 0.333…. Dates, years, clock times, ages, stretches of time, ordinals, scores, addresses and
    names that hold a number are no quantities.
    """
    stop = len(text) if end is None else min(end, len(text))
    found: list[LocatedQuantity] = []
    floor = start
    read = tuple(figures(text, start, stop)) if may_count(text[start:stop]) else ()
    limits = (*(figure.start for figure in read), stop)[1:]
    for figure, limit in zip(read, limits, strict=True):
        if found and _is_rate(text, figure, floor):
            continue
        quantity = _quantity(text, figure, floor, limit)
        if quantity:
            found.append(quantity)
            floor = quantity.end
    return tuple(found)


def _quantity(text: str, figure: Figure, floor: int, stop: int) -> LocatedQuantity | None:
    if TIME_AFTER.match(text, figure.end, stop):
        return None
    before = _lead(text, figure, floor)
    after = trail(text, figure.end, stop)
    end = after.end() if after else figure.end
    one = figure.number.kind == "words" and figure.value in {0.0, 1.0}
    noun = noun_after(text, end, stop, "one" if one and figure.value else figure.number.kind)
    unit, end = (noun.name, noun.end) if noun and not figure.unit else (figure.unit, end)
    bound = before or after or trail(text, end, stop)
    if not _is_figure(text, figure, unit, bound, one=one):
        return None
    start = figure.start - len(before[0]) if before else figure.start
    end = bound.end() if bound and not before and bound.end() > end else end
    return _located(text, figure, (start, end), unit, bound)


def _is_rate(text: str, figure: Figure, floor: int) -> bool:
    """Whether "a quarter" follows a quantity, as in "270 korals a quarter": it means each."""
    return figure.number.words.lower() == "a quarter" and text[floor : figure.start].isspace()


def _lead(text: str, figure: Figure, floor: int) -> re.Match[str] | None:
    """The words before; "between" and "ranging from" belong to ranges alone."""
    before = lead(text, floor, figure.start)
    is_range = before is not None and before.lastgroup == "range"
    return None if is_range and figure.top is None else before


def _is_figure(
    text: str, figure: Figure, unit: str | None, bound: re.Match[str] | None, *, one: bool
) -> bool:
    """Whether a number that may be a year, a pronoun, an age or part of a name is a figure."""
    before = text[max(0, figure.start - _REACH) : figure.start]
    if one:
        return bool(unit or bound) and not _NO_ONE.search(before)
    if figure.may_be_year:
        return unit is not None and bound is not None and bound[0].strip() not in _PREPOSITIONS
    if figure.unit or bound or figure.top or not figure.plain:
        return True
    if len(figure.number.words) < 3 and _AGE_BEFORE.search(before):
        return not _AGE_AFTER.match(text, figure.end)
    return unit is not None or not _NAME_BEFORE.search(before)


def _located(
    text: str,
    figure: Figure,
    place: tuple[int, int],
    unit: str | None,
    bound: re.Match[str] | None,
) -> LocatedQuantity:
    comparator = Comparator((bound and bound.lastgroup) or "exact")
    if figure.number.kind == "vague":
        comparator = Comparator.VAGUE
    if figure.top is not None:
        comparator = Comparator.RANGE
    quantity = Quantity(
        text=text[slice(*place)],
        comparator=comparator,
        value=figure.value,
        value_max=figure.top,
        unit=unit,
    )
    return LocatedQuantity(*place, quantity)

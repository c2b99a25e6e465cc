"""Gold held against its article and the prompts: what is wrong with it, in words."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import ValidationError

from evals.dataset import (
    GOLD,
    ROOT,
    Zones,
    gold_files,
    is_variant,
    load_variant,
    plain_zones,
    read_article,
    sha256,
)
from evals.gold import GoldArticle, GoldClaim, GoldQuantity, GoldVariant, load_gold
from evals.score import stands
from evals.times import interval
from evals.traits import Region
from evals.words import folded, numbers, words
from schemas import Span, Zone

PROMPTS = ROOT / "prompts"
LEAK = 6  # words in a row that a prompt may not share with gold
SCALES = {
    "hundred": 1e2,
    "thousand": 1e3,
    "k": 1e3,
    "million": 1e6,
    "m": 1e6,
    "billion": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
}
SPELLED = "zero one two three four five six seven eight nine ten eleven twelve"
TENS = "ten twenty thirty forty fifty sixty seventy eighty ninety"
NUMERALS = {word: float(n) for n, word in enumerate(SPELLED.split())} | {
    word: 10.0 * n for n, word in enumerate(TENS.split(), start=1)
}
FIGURE = re.compile(r"\d+(?:\.\d+)?")
FRACTION = re.compile(r"\b(?:half|third|quarter|fifth|sixth|seventh|eighth|ninth|tenth)s?\b")
SCALE = re.compile(rf"(?<![a-z])(?:{'|'.join(SCALES)})(?![a-z])")


def check(
    folder: Path = GOLD, root: Path = ROOT, zones: Zones = plain_zones, prompts: Path = PROMPTS
) -> list[str]:
    """Everything wrong with the gold in ``folder``; empty if all is well."""
    golds: dict[str, GoldArticle] = {}
    problems: list[str] = []
    for path in gold_files(folder):
        try:
            golds |= {} if is_variant(path) else {path.name: load_gold(path)}
        except (OSError, ValueError) as error:
            problems.append(f"{path.name}: {_first_line(error)}")
    for name, gold in golds.items():
        problems += [f"{name}: {problem}" for problem in check_article(gold, root, zones)]
    for path in filter(_readable_variant, gold_files(folder)):
        problems += [f"{path.name}: {p}" for p in _check_variant(path, golds.values())]
    return problems + leaks(golds.values(), prompts)


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return str(error).splitlines()[0]


def _readable_variant(path: Path) -> bool:
    try:
        return is_variant(path)
    except ValueError:
        return False  # reported as unreadable already


def check_article(gold: GoldArticle, root: Path, zones: Zones) -> list[str]:
    """Problems of one gold file: its hash, its ids, and each claim."""
    try:
        article = read_article(root / gold.article)
    except (OSError, ValueError) as error:
        return [_first_line(error)]
    if sha256(article.text) != gold.sha256:
        return [f"sha256 is not that of {gold.article}"]
    marked = [(s.start, s.end, Zone.BOILERPLATE) for s in gold.boilerplate]
    regions = (*marked, *zones(article))
    twice = sorted(k for k, n in Counter(claim.id for claim in gold.claims).items() if n > 1)
    problems = [f"{claim_id}: the id stands more than once" for claim_id in twice]
    problems += [f"boilerplate {_misplaced(s)}" for s in gold.boilerplate if _off(article.text, s)]
    for claim in gold.claims:
        found = check_claim(claim, article.text, regions)
        problems += [f"{claim.id}: {problem}" for problem in found]
    return problems


def check_claim(claim: GoldClaim, text: str, regions: Iterable[Region]) -> Iterator[str]:
    """Problems of one claim: misplaced words, boilerplate, figures that its words do not bear."""
    spans = [span for evidence in claim.evidence for span in evidence]
    yield from (_misplaced(span) for span in spans if _off(text, span))
    yield from ("an evidence set is empty" for evidence in claim.evidence if not evidence)
    if any(_touches(region, span) for region in regions for span in spans):
        yield "evidence in boilerplate"
    for quote in filter(None, claim.slots.quote):
        if quote not in text:
            yield "a quote does not stand in the article"
    yield from _check_words(claim, text)


def _check_words(claim: GoldClaim, text: str) -> Iterator[str]:
    article, times = folded(text), [t for t in claim.slots.time if t]
    quantities = [q for accepted in claim.slots.quantities for q in accepted]
    for copied in (*(q.text for q in quantities), *(t.text for t in times)):
        if folded(copied) not in article:
            yield f"{copied!r} does not stand in the article"
    for quantity in quantities:
        if not _borne_out(quantity):
            yield f"the value of {quantity.text!r} is not what its words say"
    for time in times:
        if time.value is not None and interval(time.value) is None:
            yield f"the time {time.value!r} cannot be read"
    for figure in sorted(numbers(claim.statement) - numbers(text)):
        yield f"the statement's {figure} does not stand in the article"


def _off(text: str, span: Span) -> bool:
    return not stands(text, span)


def _misplaced(span: Span) -> str:
    return f"the text of [{span.start}:{span.end}] is not that slice of the article"


def _touches(region: Region, span: Span) -> bool:
    start, end, zone = region
    return zone == Zone.BOILERPLATE and span.start < end and start < span.end


def _borne_out(quantity: GoldQuantity) -> bool:
    """False if the words hold figures but not the value, alone or times a scale that they name."""
    plain = folded(quantity.text).replace(",", "")
    digits = [float(n) for n in FIGURE.findall(plain)]
    if not digits or FRACTION.search(plain):
        return True
    scales = [1.0, *(SCALES[name] for name in SCALE.findall(plain))]
    spelled = [NUMERALS[word] for word in words(plain) if word in NUMERALS]
    values = [v for v in (quantity.value, quantity.value_max) if v is not None]
    possible = [figure * scale for figure in (*digits, *spelled) for scale in scales]
    return all(any(math.isclose(value, p) for p in possible) for value in values)


def _check_variant(path: Path, golds: Iterable[GoldArticle]) -> Iterator[str]:
    try:
        variant: GoldVariant = load_variant(path)
    except ValueError as error:
        yield _first_line(error)
        return
    base = next((gold for gold in golds if gold.id == variant.base), None)
    if base is None:
        yield f"no gold of id {variant.base!r}"
        return
    yield from (
        f"{unknown}: no such claim in {base.id}"
        for unknown in sorted(variant.times.keys() - {claim.id for claim in base.claims})
    )
    values = (t.value for times in variant.times.values() for t in times if t and t.value)
    yield from (f"the time {v!r} cannot be read" for v in values if interval(v) is None)


def leaks(golds: Iterable[GoldArticle], prompts: Path) -> list[str]:
    """Prompt files that share ``LEAK`` words in a row with a gold statement or its evidence."""
    files = sorted(path for path in prompts.rglob("*") if path.is_file() and _is_text(path))
    runs = {path: _runs(path.read_text(encoding="utf-8")) for path in files}
    return [
        f"{path.relative_to(prompts)}: shares words with gold {gold.id}/{claim.id}"
        for gold in golds
        for claim in gold.claims
        for path in files
        if any(_runs(text) & runs[path] for text in _texts(claim))
    ]


def _is_text(path: Path) -> bool:
    return path.suffix != ".pyc"


def _texts(claim: GoldClaim) -> Iterator[str]:
    yield claim.statement
    yield from (span.text for evidence in claim.evidence for span in evidence)


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    every = words(text)
    return frozenset(every[n : n + LEAK] for n in range(len(every) - LEAK + 1))

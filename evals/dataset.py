"""Cases: an article as the extractor gets it, its gold, and its zones."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from evals.gold import GoldArticle, GoldClaim, GoldVariant, load_gold
from evals.traits import Region
from schemas import Article, TimeBasis, Zone

ROOT = Path(__file__).parent.parent
GOLD = ROOT / "evals" / "gold"
DATED = {"cnn-mosul": datetime(2016, 11, 3)}  # noqa: DTZ001 - the article names no zone

Zones = Callable[[Article], Iterable[Region]]


@dataclass(frozen=True)
class Case:
    """One thing to extract and what should come out. ``path`` is the article's, from the root."""

    id: str
    group: str
    path: str
    article: Article
    gold: tuple[GoldClaim, ...]
    zones: tuple[Region, ...]


def read_article(path: Path) -> Article:
    """An article from ``path``: JSON with the fields of ``Article``, or text, whole and unaltered.

    Raises:
        pydantic.ValidationError: the JSON does not hold an article.
    """
    if path.suffix == ".json":
        return Article.model_validate_json(path.read_bytes())
    return Article(id=path.stem, text=path.read_bytes().decode())


def sha256(text: str) -> str:
    """Hex digest over the UTF-8 bytes of ``text``."""
    return hashlib.sha256(text.encode()).hexdigest()


def plain_zones(article: Article) -> tuple[Region, ...]:
    """The first line is the headline; all else counts as body."""
    end = len(article.text.split("\n", 1)[0])
    return ((0, end, Zone.HEADLINE),)


def gold_files(folder: Path = GOLD) -> list[Path]:
    """All gold files, in the order of their names; passes before adjudication lie deeper."""
    return sorted(folder.glob("*.json"))


def is_variant(path: Path) -> bool:
    """True if the file holds times for another date line, not claims of its own."""
    return "base" in json.loads(path.read_bytes())


def load_cases(folder: Path = GOLD, root: Path = ROOT, zones: Zones = plain_zones) -> list[Case]:
    """All cases, by id: one for each gold file, and one for each article with another date.

    Raises:
        OSError, ValueError: gold or an article cannot be read.
    """
    files = gold_files(folder)
    whole = [load_gold(path) for path in files if not is_variant(path)]
    variants = [load_variant(path) for path in files if is_variant(path)]
    cases = {gold.id: _case(gold, root, zones) for gold in whole}
    named = {v.base: v for v in variants} | {
        base: GoldVariant(id=f"{base}-dated", base=base, published_at=date)
        for base, date in DATED.items()
        if base in cases and not any(v.base == base for v in variants)
    }
    dated = [_dated(cases[base], variant) for base, variant in named.items()]
    return sorted([*cases.values(), *dated], key=lambda case: case.id)


def load_variant(path: Path) -> GoldVariant:
    """Read the gold of another date line.

    Raises:
        pydantic.ValidationError: the file does not hold a ``GoldVariant``.
    """
    return GoldVariant.model_validate_json(path.read_bytes())


def _case(gold: GoldArticle, root: Path, zones: Zones) -> Case:
    article = read_article(root / gold.article).model_copy(update={"id": gold.id})
    marked = tuple((s.start, s.end, Zone.BOILERPLATE) for s in gold.boilerplate)
    group = "seeds" if gold.article.startswith("seeds/") else "written"
    return Case(gold.id, group, gold.article, article, gold.claims, (*marked, *zones(article)))


def _dated(case: Case, variant: GoldVariant) -> Case:
    update = {"id": variant.id, "published_at": variant.published_at}
    article = case.article.model_copy(update=update)
    gold = tuple(_retimed(claim, variant) for claim in case.gold)
    return replace(case, id=variant.id, article=article, gold=gold)


def _retimed(claim: GoldClaim, variant: GoldVariant) -> GoldClaim:
    """The claim with the variant's times; unresolved ones that it does not name are not scored."""
    open_ended = any(t and t.basis == TimeBasis.UNRESOLVED for t in claim.slots.time)
    times = variant.times.get(claim.id, () if open_ended else claim.slots.time)
    return claim.model_copy(update={"slots": claim.slots.model_copy(update={"time": times})})


def select(cases: Iterable[Case], only: Iterable[str], group: str | None) -> Iterator[Case]:
    """Cases of ``group`` whose id begins with one of ``only``; None and empty select all."""
    prefixes = tuple(only)
    for case in cases:
        if (not prefixes or case.id.startswith(prefixes)) and group in (None, case.group):
            yield case

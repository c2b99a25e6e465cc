"""How far two labellers agree, by the same scorer that judges extractors."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from evals.align import align
from evals.dataset import GOLD, ROOT, read_article
from evals.gold import GoldArticle, GoldClaim, load_gold
from evals.reference import as_claim

PASSES = GOLD / "passes"


@dataclass(frozen=True)
class Agreement:
    """Agreement on one article: pairwise claim F1, and Cohen's kappa over the paired claims.

    ``claims`` are the numbers of claims of both sides. A kappa is None if nothing was paired.
    """

    article: str
    claims: tuple[int, int]
    f1: float
    kappa: Mapping[str, float | None]


def agreements(folder: Path = PASSES, root: Path = ROOT) -> list[Agreement]:
    """Agreement of passes ``a`` and ``b`` on every article that both have labelled.

    Raises:
        OSError, ValueError: a pass or an article cannot be read.
    """
    names = {p.name for p in (folder / "a").glob("*.json")}
    both = sorted(names & {p.name for p in (folder / "b").glob("*.json")})
    passes = [(load_gold(folder / "a" / n), load_gold(folder / "b" / n)) for n in both]
    return [agree(read_article(root / a.article).text, a, b) for a, b in passes]


def agree(text: str, a: GoldArticle, b: GoldArticle) -> Agreement:
    """Agreement of two labellings of ``text``; symmetric in claims, by pairs of ``a`` in kappa."""
    pairs = _pairs(text, a.claims, b.claims)
    regardless = _pairs(text, _plain(a.claims), _plain(b.claims))
    kappas = {
        "kind": kappa([(x.slots.kind[0], y.slots.kind[0]) for x, y in pairs if _kinds(x, y)]),
        "certainty": kappa(
            [(x.slots.certainty[0], y.slots.certainty[0]) for x, y in pairs if _certainties(x, y)]
        ),
        "negated": kappa(_polarities(a, b, regardless)),
    }
    f1 = fmean([_f1(pairs, a, b), _f1(_pairs(text, b.claims, a.claims), b, a)])
    return Agreement(a.id, (len(a.claims), len(b.claims)), f1, kappas)


Pairs = Sequence[tuple[GoldClaim, GoldClaim]]


def _pairs(text: str, a: Sequence[GoldClaim], b: Sequence[GoldClaim]) -> Pairs:
    by_id = {claim.id: claim for claim in a}
    found = align(text, [as_claim(text, claim) for claim in a], b)
    return [(by_id[pair.claim.id], pair.gold) for pair in found]


def _plain(claims: Iterable[GoldClaim]) -> list[GoldClaim]:
    """The claims with their polarity taken away, so that it cannot keep a pair apart."""
    slots = {claim.id: claim.slots.model_copy(update={"negated": False}) for claim in claims}
    return [claim.model_copy(update={"slots": slots[claim.id]}) for claim in claims]


def _polarities(a: GoldArticle, b: GoldArticle, pairs: Pairs) -> list[tuple[bool, bool]]:
    mine = {claim.id: claim.slots.negated for claim in a.claims}
    theirs = {claim.id: claim.slots.negated for claim in b.claims}
    return [(mine[x.id], theirs[y.id]) for x, y in pairs]


def _kinds(x: GoldClaim, y: GoldClaim) -> bool:
    return bool(x.slots.kind and y.slots.kind)


def _certainties(x: GoldClaim, y: GoldClaim) -> bool:
    return bool(x.slots.certainty and y.slots.certainty)


def _f1(pairs: Pairs, a: GoldArticle, b: GoldArticle) -> float:
    """F1 over required claims: each should be found by the other, as required or as optional."""
    precision = _share(sum(not x.optional for x, _ in pairs), a)
    recall = _share(sum(not y.optional for _, y in pairs), b)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _share(found: int, gold: GoldArticle) -> float:
    required = sum(not claim.optional for claim in gold.claims)
    return found / required if required else 1.0


def kappa(pairs: Sequence[tuple[object, object]]) -> float | None:
    """Cohen's kappa of two raters; 1 if both know one category alone, None without pairs."""
    if not pairs:
        return None
    n = len(pairs)
    left, right = Counter(x for x, _ in pairs), Counter(y for _, y in pairs)
    observed = sum(x == y for x, y in pairs) / n
    expected = sum(left[key] * right[key] for key in left) / n**2
    return 1.0 if expected == 1 else (observed - expected) / (1 - expected)

"""Print what one run over the two seed articles gives: time, claims, exactness, the known traps.

Run it as ``python -m evals.bench.seeds``; it uses the model that the environment names.
"""

import time
from collections.abc import Iterable
from pathlib import Path

from extractor import Article, Claim, Extraction, Extractor
from extractor.normalise.quantity import unsupported_digits
from extractor.segment import segment

ROOT = Path(__file__).parents[2]
SEEDS = ("seeds/independent-mosul.txt", "seeds/cnn-mosul.txt")


def main() -> None:
    """Extract both articles one after the other with one extractor, and print a table."""
    with Extractor() as extractor:
        began = time.monotonic()
        extractor.extract(Article(text="A test\n\nThe pump works."))  # loads the model
        print(f"loaded in {time.monotonic() - began:.0f} s")
        for path in SEEDS:
            article = Article(id=path, text=(ROOT / path).read_bytes().decode())
            began = time.monotonic()
            result = extractor.extract(article)
            _print(article, result, time.monotonic() - began)


def _print(article: Article, result: Extraction, seconds: float) -> None:
    text, claims = article.text, result.claims
    spans = [s for c in claims for s in (*c.evidence, *([c.quote] if c.quote else []))]
    exact = sum(text[s.start : s.end] == s.text for s in spans)
    print(f"\n{article.id}: {result.status}, {len(claims)} claims in {seconds:.0f} s")
    print(f"  slices equal to the text: {exact} of {len(spans)}")
    print(f"  claims from boilerplate: {sum(_is_silent(text, c) for c in claims)}")
    print(f"  unsupported digits: {sum(bool(_unsupported(c)) for c in claims)}")
    print(f"  attributed claims: {sum(bool(c.sources) for c in claims)}")
    print(f"  calls: {result.usage.calls}, tokens out: {result.usage.output_tokens}")
    for words in ("up to 7,500", "estimated 5,000", "Monday"):
        print(f"  {words!r}: {', '.join(_readings(claims, words)) or 'not claimed'}")


def _is_silent(text: str, claim: Claim) -> bool:
    silent = [s.span for s in segment(text).sentences if not s.can_claim]
    return any(s.start < e.end and e.start < s.end for s in silent for e in claim.evidence)


def _unsupported(claim: Claim) -> tuple[str, ...]:
    return unsupported_digits(claim.statement, " ".join(e.text for e in claim.evidence))


def _readings(claims: Iterable[Claim], words: str) -> list[str]:
    figures = [q for c in claims for q in c.quantities if words in q.text]
    times = [c.time for c in claims if c.time and words in c.time.text]
    return sorted(
        {f"{q.comparator} {q.value} {q.unit}" for q in figures}
        | {f"{t.text} = {t.value} ({t.basis})" for t in times}
    )


if __name__ == "__main__":
    main()

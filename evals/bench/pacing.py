"""Pacing against a server's rate limit: ``python -m evals.bench.pacing``.

A server in another process takes 20 requests in any second (a sliding window: the strictest kind,
for it allows no burst) and answers after 50 ms. 600 invented articles, 64 at once, for each style
of ``Retry-After``: with the pace set to that limit, to twice as much, and not at all.
"""

import asyncio
import sys
import time
from dataclasses import dataclass

from evals.bench.answering import Server, answering, text
from extractor import Article, Extraction, Extractor, Settings, Status
from extractor.pacing import Pacer

ARTICLES = 600
AT_ONCE = 64
LIMIT = 20  # requests a second
STYLES = ("seconds", "date", "ms")
PACES = (LIMIT, 2 * LIMIT, None)
MOST_LIMITED = 0.05
LONGEST = 1.15  # times the ideal


@dataclass(frozen=True)
class Result:
    """How many articles were extracted in how many seconds, and what share met a 429."""

    extracted: int
    seconds: float
    limited: float

    @property
    def ratio(self) -> float:
        """Time over the ideal, which is all articles at exactly the limit."""
        return self.seconds / (ARTICLES / LIMIT)

    def holds(self, pace: int | None) -> bool:
        """Nothing may fail; the other figures are for a limit that is set right."""
        if pace is None or pace > LIMIT:
            return self.extracted == ARTICLES
        in_bounds = self.limited <= MOST_LIMITED and self.ratio <= LONGEST
        return self.extracted == ARTICLES and in_bounds


def main() -> bool:
    """Print a line for each run; true if all figures hold."""
    print("set to   Retry-After  extracted      429  seconds  of ideal")
    held = [_shown(pace, style) for pace in PACES for style in STYLES]
    return all(held)


def _shown(pace: int | None, style: str) -> bool:
    with answering(limit=LIMIT, style=style) as server:
        result = asyncio.run(_run(server, pace))
    share, holds = f"{100 * result.limited:.1f} %", result.holds(pace)
    print(
        f"{f'{pace}/s' if pace else 'nothing':8} {style:11} {result.extracted:5} of {ARTICLES}"
        f" {share:>8} {result.seconds:8.1f} {result.ratio:9.2f}{'' if holds else '  too much'}",
        flush=True,
    )
    return holds


async def _run(server: Server, pace: int | None) -> Result:
    settings = Settings("bench", server.url, "k", deadline=60, concurrency=AT_ONCE)
    with Extractor(settings, pacer=Pacer(60 * pace if pace else None)) as extractor:
        await extractor.aextract(Article(text=text(0)))  # connecting is not pacing
        before, started = server.stats(), time.monotonic()
        results = await _all(extractor)
        seconds = time.monotonic() - started
    counts = {name: count - before[name] for name, count in server.stats().items()}
    extracted = sum(r.status is Status.OK and len(r.claims) == 2 for r in results)
    return Result(extracted, seconds, counts["limited"] / counts["requests"])


async def _all(extractor: Extractor) -> list[Extraction]:
    """As a backfill does it: no more articles are begun than are asked about."""
    numbers, results = iter(range(1, ARTICLES + 1)), list[Extraction]()

    async def work() -> None:
        for number in numbers:
            results.append(await extractor.aextract(Article(text=text(number))))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return results


if __name__ == "__main__":
    sys.exit(not main())

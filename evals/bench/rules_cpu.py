"""Print the CPU that segmenting, telling, grounding and rules take for an article, without a model.

Run it as ``python -m evals.bench.rules_cpu``. It takes the way of the claims prompt (no parser):
one draft a sentence, made of the sentence's own words, judged and assembled. Every round begins
with empty caches, as for the first article of a process.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import JsonValue

from extractor.ask.claims import judge
from extractor.assemble import assemble
from extractor.segment import Document, segment
from extractor.window import Window
from schemas import Article

ROOT = Path(__file__).parents[2]
ROUNDS = 15


def main() -> None:
    """Median of several rounds for each written article, and milliseconds per 700 words."""
    for path in sorted((ROOT / "evals/written").glob("*.json")):
        article = Article.model_validate(json.loads(path.read_text(encoding="utf-8")))
        words = len(article.text.split())
        spent = statistics.median(_timed(lambda a=article: _walk(a)) for _ in range(ROUNDS))
        print(f"{article.id}: {spent:.1f} ms for {words} words, {spent * 700 / words:.1f} ms a 700")


def _timed(step: Callable[[], object]) -> float:
    _forget()
    began = time.process_time()
    step()
    return (time.process_time() - began) * 1000


def _forget() -> None:
    """Empty every cache of the extractor's modules: what an article before has left there."""
    for name, module in list(sys.modules.items()):
        if name.startswith("extractor"):
            for value in vars(module).values():
                if clear := getattr(value, "cache_clear", None):
                    clear()


def _walk(article: Article) -> int:
    document = segment(article.text)
    window = Window(tuple(s for s in document.sentences if s.can_claim))
    judged = judge(document, window, _drafts(document, window))
    return len(assemble(article.text, "0", judged.candidates, article.published_at))


def _drafts(document: Document, window: Window) -> list[JsonValue]:
    return [_draft(document, s.number) for s in window.sentences]


def _draft(document: Document, number: int) -> dict[str, JsonValue]:
    subject, *rest = document.sentences[number - 1].span.text.split()
    verb, *others = rest or [subject]
    pieces = [subject, verb, " ".join(others)]
    return {"s": [number], "by": [], "c": " | ".join(filter(None, pieces)), "k": "event"}


if __name__ == "__main__":
    main()

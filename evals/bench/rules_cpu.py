"""Print the CPU that segmenting, telling, grounding and rules take for an article, without a model.

Run it as ``python -m evals.bench.rules_cpu``. It takes the way of the claims prompt (no parser):
one draft a sentence, made of the sentence's own words, judged and assembled. A process meets each
article once, after others: its word lists are built, and the text is new to every cache.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from pydantic import JsonValue

from evals.dataset import load_cases
from extractor.ask.claims import judge
from extractor.assemble import assemble
from extractor.segment import Document, segment
from extractor.window import Window
from schemas import Article

PROCESSES = 7
WORDS = 700
Spent = tuple[str, float]  # an article's id, and milliseconds a 700 words


def main() -> None:
    """Print the median of several processes for each written article, and their mean."""
    runs = [_elsewhere() for _ in range(PROCESSES)]
    medians = [statistics.median(run[name] for run in runs) for name in runs[0]]
    for name, median in zip(runs[0], medians, strict=True):
        print(f"{name}: {median:.1f} ms for {WORDS} words")
    print(f"all: {statistics.mean(medians):.1f} ms for {WORDS} words (goal 15)")


def _elsewhere() -> dict[str, float]:
    command = [sys.executable, "-m", "evals.bench.rules_cpu", "--once"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603  this module
    return json.loads(done.stdout)


def _once() -> Iterator[Spent]:
    """The seeds first, unmeasured, then each written article."""
    for case in sorted(load_cases(), key=lambda case: case.group):
        words = len(case.article.text.split())
        began = time.process_time()
        _walk(case.article)
        if case.group == "written":
            yield case.id, (time.process_time() - began) * 1000 * WORDS / words


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
    if sys.argv[1:] == ["--once"]:
        print(json.dumps(dict(_once())))
    else:
        main()

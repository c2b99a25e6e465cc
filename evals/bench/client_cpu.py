"""CPU time per call outside the model: ``python -m evals.bench.client_cpu [CALLS]``.

A scripted server in another process answers at once, so that what is measured is this side alone:
the client, the parser and the retries for a call; segmenting and checking as well for an article.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from extractor import Article, Extractor
from extractor.ask import STYLES
from extractor.llm import connect
from extractor.model import Meter, Question
from extractor.segment import segment
from extractor.window import windows
from prompts import CLAIMS, load_prompt

SERVER = Path(__file__).parents[2] / "tests" / "replies.py"
GOAL_MS = 8.0
WARM_UP = 20


def main(calls: int) -> bool:
    """Print the milliseconds of a call and of an article; true if a call stays within the goal."""
    with _server() as (url, text):
        per_call = asyncio.run(_calls(url, text, calls))
        per_article = _articles(url, text, calls)
    print(f"call:    {per_call:5.2f} ms of CPU (goal {GOAL_MS:g}), mean of {calls}")
    print(f"article: {per_article:5.2f} ms of CPU (segmenting and checks included)")
    return per_call <= GOAL_MS


@contextmanager
def _server() -> Generator[tuple[str, str]]:
    command = [sys.executable, str(SERVER)]
    with subprocess.Popen(  # noqa: S603  our own script
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin
        assert server.stdout
        served = json.loads(server.stdout.readline())
        yield served["url"], served["text"]
        server.stdin.close()


async def _calls(url: str, text: str, calls: int) -> float:
    model = connect("gpt-test", url, "k", 60)
    question = _question(text)

    async def ask() -> None:
        items = await model.ask(question, Meter(), time.monotonic() + 60)
        assert items

    for _ in range(WARM_UP):
        await ask()
    started = time.process_time()
    for _ in range(calls):
        await ask()
    spent = time.process_time() - started
    await model.close()
    return 1000 * spent / calls


def _question(text: str) -> Question:
    document, style = segment(text), STYLES[CLAIMS]
    window = next(windows(document, style.size))
    return style.question(load_prompt(CLAIMS), Article(text=text), document, window, True)


def _articles(url: str, text: str, calls: int) -> float:
    with Extractor(model="gpt-test", base_url=url, api_key="k") as extractor:
        for number in range(WARM_UP):
            assert extractor.extract(Article(text=f"{text} {number}")).claims
        started = time.process_time()
        for number in range(calls):
            extractor.extract(Article(text=f"{text} {number}"))
        return 1000 * (time.process_time() - started) / calls


if __name__ == "__main__":
    sys.exit(not main(int(sys.argv[1]) if len(sys.argv) > 1 else 300))

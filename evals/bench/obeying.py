"""A model that obeys whatever an article tells it, behind an OpenAI-compatible server on loopback.

Asked about an article of ``planted``, it gives the right claims and, before them, everything that
the plant wants, in many forms. Asked about another, it gives the right claims alone. It obeys the
last who spoke: told for a second time to answer in JSON, it does.
"""

import json
import re
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from evals.bench.planted import BASES, Fact, Planted, planted
from evals.bench.spoilt import OBEY, Item, claim, reworded
from schemas.drafts import pieces

LINE = re.compile(r"^\[(\d+)\] \(\w+\) (.+)$", re.MULTILINE)
FACTS = {fact.sentence: fact for base in BASES for fact in base.facts}
USAGE = {"prompt_tokens": 101, "completion_tokens": 17, "total_tokens": 118}
Numbered = tuple[int, Fact]


def answer(messages: Sequence[Mapping[str, str]]) -> str:
    """What the model says to a question: JSON, or the prose that a plant asks for."""
    user = next(message["content"] for message in messages if message["role"] == "user")
    lines = [(int(number), words) for number, words in LINE.findall(user)]
    facts = [(number, FACTS[words]) for number, words in lines if words in FACTS]
    right = [claim([number], fact) for number, fact in facts]
    article = _planted_in({words for _, words in lines})
    if article is None:
        return json.dumps({"claims": right})
    if article.kind == "language" and len(messages) == 2:
        return f"Le texte est clair, {article.canary}."
    others = [(number, words) for number, words in lines if words in article.plant]
    wanted = [*_obeyed(article, facts), *_on_its_own(article.canary, others, facts)]
    more = {article.canary: article.canary} if article.kind == "fields" else {}
    return json.dumps({"claims": [*wanted, *right], **more})


@contextmanager
def obeying() -> Generator[str]:
    """The base URL of a server in this process; it ends with the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base's own name
        """Stay quiet."""

    def do_POST(self) -> None:
        """Answer a chat completion."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        message = {"role": "assistant", "content": answer(asked["messages"])}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        head = {"id": "1", "object": "chat.completion", "created": 1, "model": "obeying"}
        body = json.dumps(head | {"choices": [choice], "usage": USAGE}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@lru_cache(maxsize=1)
def _known() -> tuple[Planted, ...]:
    return planted()


def _planted_in(lines: set[str]) -> Planted | None:
    """The article whose plant has most of these lines; boilerplate is shown to no model."""

    def shown(article: Planted) -> int:
        return sum(line in article.plant for line in lines)

    best = max(_known(), key=shown)
    return best if shown(best) else None


def _obeyed(article: Planted, facts: Sequence[Numbered]) -> Iterator[Any]:
    for number, fact in facts:
        for at in range(len(pieces(fact.said))):
            yield claim([number], fact, c=reworded(fact, at, f"{{piece}} {article.canary}"))
        yield claim([number], fact, c=f"{fact.said} | {article.canary}")
        yield claim([number], fact, by=[f"{fact.teller or article.canary} | {article.canary}"])
        yield from OBEY[article.kind](number, fact, article.canary)


def _on_its_own(
    canary: str, lines: Sequence[tuple[int, str]], facts: Sequence[Numbered]
) -> Iterator[Item]:
    """Claims that rest on a line of the plant alone, or on it beside a sentence of the article.

    Also those that borrow a subject or a teller from the plant and do not cite it.
    """
    for number, line in lines:
        first, *rest = re.findall(r"[^\W_]+", line) or [line]
        verb, others = (rest[0], rest[1:]) if rest else (first, [])
        own = Fact(line, " | ".join([first, verb, *others[:1]]))
        yield claim([number], own)
        yield claim([number], own, c=f"{own.said} | {canary}")
        yield claim([number], own, c=f"{first} {canary} | {verb}", by=[line])
        for other, fact in facts:
            yield claim([other], fact, c=reworded(fact, 0, line))
            yield claim([other], fact, by=[f"{line} | {verb}", fact.teller or line])
            yield claim([other, number], fact, c=reworded(fact, 0, f"{{piece}} {canary}"))

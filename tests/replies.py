"""An invented article, the right answer to each question about it, and every way to go wrong."""

import email.utils
import json
import re
import sys
import time
import zlib
from typing import Any

from scripted import Reply, Request, Scripted

from schemas import Article

MARK = "Quillhaven"  # stands in the article and nowhere else: it must not turn up in a log or error
KEY = "sk-invented-key-0123456789"
SENTENCES = {
    f"The harbour wall at {MARK} collapsed on Tuesday.": (
        f"The harbour wall at {MARK}",
        "collapsed",
        "on Tuesday",
    ),
    "Engineers closed the coastal road.": ("Engineers", "closed", "the coastal road"),
    "Mayor Ada Finch visited the quay.": ("Mayor Ada Finch", "visited", "the quay"),
    "Divers searched the inner basin.": ("Divers", "searched", "the inner basin"),
}
ARTICLE = Article(text=" ".join(SENTENCES), title="Invented: wall collapses")
LINE = re.compile(r"^\[(\d+)\] \(\w+\) (.+)$", re.MULTILINE)
USAGE = (101, 17)


def claim(number: int, sentence: str) -> dict[str, Any]:
    said = " | ".join(SENTENCES[sentence])
    return {"s": [number], "by": [], "c": said, "k": "event"}


def asked(request: Request) -> list[tuple[int, str]]:
    """The numbered sentences of a request that belong to the invented article."""
    found = LINE.findall(request.user)
    return [(int(n), s) for n, s in found if s in SENTENCES]


def completion(
    content: str | None, finish: str = "stop", usage: Any = USAGE, **message: Any
) -> Reply:
    counts = usage and {
        "prompt_tokens": usage[0],
        "completion_tokens": usage[1],
        "total_tokens": sum(usage),
        "prompt_tokens_details": {"cached_tokens": 64},
    }
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-test",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": content, **message},
            }
        ],
    }
    body |= {"usage": counts} if counts else {}
    return Reply(json.dumps(body).encode(), billed=usage or None)


def items(request: Request) -> list[Any]:
    return [claim(n, s) for n, s in asked(request)]


def good(request: Request) -> Reply:
    """Every sentence that was asked about, one claim each."""
    return completion(json.dumps({"claims": items(request)}))


def good_without_usage(request: Request) -> Reply:
    return completion(json.dumps({"claims": items(request)}), usage=None)


def length(request: Request) -> Reply:
    """An answer that is cut at the length limit, whatever is asked."""
    return completion(json.dumps({"claims": items(request)})[:40], finish="length")


def truncated(request: Request) -> Reply:
    """An answer that ends early although the server says that it is complete."""
    return completion(json.dumps({"claims": items(request)})[:-9])


def error(status: int, code: str | None = None, param: str | None = None, **headers: str) -> Reply:
    detail = {"message": f"invented {MARK} {KEY}", "type": "invented", "code": code}
    detail["param"] = param
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(json.dumps({"error": detail}).encode(), status, named)


def http_date(seconds: float) -> str:
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


def gzip_bomb(megabytes: int = 300) -> Reply:
    """Zeros that shrink a thousandfold: one compressed megabyte, repeated."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = deflate.compress(bytes(2**20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    header = 10
    return Reply(first + first[header:] * (megabytes - 1), headers={"content-encoding": "gzip"})


def with_item(extra: str, usage: Any = USAGE) -> Any:
    """Good claims with the JSON text ``extra`` as one more item before them."""

    def step(request: Request) -> Reply:
        rest = json.dumps(items(request), ensure_ascii=False)[1:]
        return completion('{"claims": [' + extra + ", " + rest + "}", usage=usage)

    return step


BUSY = error(429, "rate_limit_exceeded")
RETRY_SECONDS = error(429, "rate_limit_exceeded", retry_after="1")
RETRY_MS = error(429, "rate_limit_exceeded", retry_after_ms="700")
SERVER_ERROR = error(500)
OVERLOADED = error(503)
QUOTA = error(429, "insufficient_quota")
UNAUTHORISED = error(401, "invalid_api_key")
FORBIDDEN = error(403)
NOT_FOUND = error(404, "model_not_found")
FILTER_400 = error(400, "content_filter")
TOO_LONG = error(400, "context_length_exceeded")
REFUSAL = completion(None, refusal=f"I will not speak of {MARK}.")
FILTERED = completion(f"Of {MARK}", finish="content_filter")
INVALID_JSON = completion(f"Here is {MARK}: nothing that parses")
INVALID_SCHEMA = completion(json.dumps({"facts": MARK}))
HTML = Reply(b"<html><body>Sign in</body></html>", headers={"content-type": "text/html"})
HTML_AS_JSON = Reply(HTML.body)
ERROR_200 = Reply(error(500).body)
NO_CHOICES = Reply(b'{"id": "x", "object": "chat.completion", "choices": []}')
ODD_CHOICES = Reply(b'{"id": "x", "object": "chat.completion", "choices": [null]}')
CUT = Reply(INVALID_JSON.body, delivery="cut")
RESET = Reply(delivery="reset")
EMPTY = completion(None)
HANG = Reply(delivery="hang")
TRICKLE = Reply(INVALID_JSON.body, delivery="trickle")
REDIRECT = Reply(status=307, headers={"location": "/v1/elsewhere"})


def serve() -> None:
    """Serve good answers from this process until standard input ends, for the benchmarks."""
    with Scripted(good) as server:
        print(json.dumps({"url": server.url, "text": ARTICLE.text}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    serve()

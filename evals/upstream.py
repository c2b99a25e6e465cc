"""The real endpoint behind a recording."""

import http.client
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

DEADLINE = 600  # seconds without a byte from the endpoint
PASSED_ON = ("retry-after", "x-should-retry")


@dataclass(frozen=True)
class Reply:
    """An HTTP answer: status, JSON body, and the headers that steer a retry."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def endpoint(base_url: str, api_key: str) -> Callable[[bytes], Reply]:
    """A function that sends a chat completion to ``base_url`` and gives the answer.

    Raises:
        ValueError: ``base_url`` is no http or https address.
    """
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the base URL must begin with http:// or https:// and name a host")
    path = f"{parts.path.rstrip('/')}/chat/completions"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {api_key}"}

    def send(body: bytes) -> Reply:
        connection = _connect(parts.scheme, str(parts.hostname), parts.port)
        try:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            steering = {h: v for h in PASSED_ON if (v := response.getheader(h))}
            return Reply(response.status, response.read(), steering)
        except OSError:
            return Reply(502, b'{"error": {"code": "unreachable", "message": "no answer"}}')
        finally:
            connection.close()

    return send


def _connect(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    return kind(host, port, timeout=DEADLINE)

"""An HTTP transport that reads no more of an answer than an answer can be."""

import ssl
import zlib
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from extractor.errors import ConfigError

BODY_LIMIT = 16 * 2**20
CHUNK = 64 * 2**10
CONNECTIONS = 1000
WBITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class BodyTooLarge(httpx2.TransportError):
    """A server's answer is larger than any real answer, perhaps by decompression."""


class BoundedTransport(httpx2.AsyncHTTPTransport):
    """Reads whole bodies, decompressing within ``BODY_LIMIT`` bytes: a gzip bomb ends in an error.

    Decompression is taken from the client because it has no bound there.
    """

    def __init__(self, proxy: str | None = None) -> None:
        limits = httpx2.Limits(max_connections=CONNECTIONS)
        super().__init__(verify=trust(), limits=limits, proxy=proxy)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send ``request``; the answer's body is in memory when this returns."""
        request.headers["accept-encoding"] = "gzip, deflate"
        response = await super().handle_async_request(request)
        try:
            content = await _bounded(response)
        finally:
            await response.aclose()
        dropped = {"content-encoding", "content-length", "transfer-encoding"}
        headers = [(k, v) for k, v in response.headers.multi_items() if k not in dropped]
        return httpx2.Response(
            response.status_code, headers=headers, content=content, extensions=response.extensions
        )


def proxy_for(address: str) -> str | None:
    """The proxy that the environment names for ``address`` (``HTTPS_PROXY``, ``NO_PROXY`` ...).

    This machine's own addresses are never asked for through a proxy.
    """
    parts = urlsplit(address)
    host = parts.hostname or ""
    if host == "localhost" or host.startswith("127.") or host == "::1" or proxy_bypass(host):
        return None
    named = getproxies()
    return named.get(parts.scheme) or named.get("all")


def sendable(key: str | None) -> str:
    """The key as a header can hold it.

    Raises:
        ConfigError: it holds characters that cannot be sent.
    """
    key = (key or "none").strip()
    if not key.isascii() or not key.isprintable():
        raise ConfigError("The key holds characters that no key has: set OPENAI_API_KEY again.")
    return key


@lru_cache
def trust() -> ssl.SSLContext:
    """Whom to trust, read once a process: it takes a tenth of a second."""
    return httpx2.create_ssl_context()


async def _bounded(response: httpx2.Response) -> bytes:
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {*WBITS, "identity", ""}:
        raise BodyTooLarge(f"answer in an encoding that was not asked for: {encoding:.20}")
    inflate = zlib.decompressobj(WBITS[encoding]).decompress if encoding in WBITS else None
    body = bytearray()
    async for chunk in response.aiter_raw(CHUNK):
        room = BODY_LIMIT - len(body) + 1
        body += _inflated(inflate, chunk, room) if inflate else chunk
        if len(body) > BODY_LIMIT:
            raise BodyTooLarge(f"answer larger than {BODY_LIMIT} bytes")
    return bytes(body)


def _inflated(inflate: Callable[[bytes, int], bytes], chunk: bytes, room: int) -> bytes:
    try:
        return inflate(chunk, room)
    except zlib.error as error:
        raise httpx2.RemoteProtocolError("answer with broken compression") from error

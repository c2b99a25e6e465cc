"""An HTTP transport that reads no more of an answer than an answer can be."""

import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2

from extractor.errors import ConfigError

BODY_LIMIT = 16 * 2**20
CHUNK = 64 * 2**10
CONNECTIONS = 1000
OF_THE_BODY = {b"content-encoding", b"content-length", b"transfer-encoding"}
WBITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class BodyTooLarge(httpx2.TransportError):
    """A server's answer is larger than any real answer, perhaps by decompression."""


class BoundedTransport(httpx2.AsyncBaseTransport):
    """Reads whole bodies, decompressing within ``BODY_LIMIT`` bytes: a gzip bomb ends in an error.

    Decompression is taken from the client because it has no bound there. aiohttp sends, because a
    request costs it a quarter of the processor time that the client's own transport takes.
    """

    def __init__(self, proxy: str | None = None) -> None:
        self._proxy = proxy
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send ``request``; the answer's body is in memory when this returns.

        Raises:
            httpx2.TransportError: no whole answer came, or too large a one.
        """
        request.headers["accept-encoding"] = "gzip, deflate"
        with _as_the_client_says():
            async with self._sent(request) as reply:
                encoding = reply.headers.get("content-encoding", "")
                content = await _bounded(reply.content.iter_chunked(CHUNK), encoding)
        headers = [(k, v) for k, v in reply.raw_headers if k.lower() not in OF_THE_BODY]
        return httpx2.Response(reply.status, headers=headers, content=content)

    def _sent(self, request: httpx2.Request) -> Any:  # noqa: ANN401  aiohttp does not name it
        if self._session is None:  # it belongs to the loop that runs now
            self._session = _session()
        limits = request.extensions.get("timeout", {})
        return self._session.request(
            request.method,
            str(request.url),
            headers=request.headers,
            data=request.content,
            allow_redirects=False,
            proxy=self._proxy,
            server_hostname=request.extensions.get("sni_hostname"),
            timeout=aiohttp.ClientTimeout(
                sock_connect=limits.get("connect"), sock_read=limits.get("read")
            ),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS, ssl=trust()),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )


@contextmanager
def _as_the_client_says() -> Generator[None]:
    """Within, what aiohttp raises becomes what the client above expects of a transport."""
    try:
        yield
    except aiohttp.ServerTimeoutError:
        raise httpx2.ReadTimeout("no answer in time") from None
    except (aiohttp.ClientConnectorError, aiohttp.ClientProxyConnectionError):
        raise httpx2.ConnectError("no connection") from None
    except aiohttp.InvalidURL:
        raise httpx2.UnsupportedProtocol("no address to send to") from None
    except (aiohttp.ClientError, OSError, ValueError):
        raise httpx2.RemoteProtocolError("the answer broke off, or is none") from None


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


async def _bounded(chunks: AsyncIterator[bytes], encoding: str) -> bytes:
    encoding = encoding.strip().lower() or "identity"
    if encoding not in {*WBITS, "identity"}:
        raise BodyTooLarge(f"answer in an encoding that was not asked for: {encoding:.20}")
    inflate = zlib.decompressobj(WBITS[encoding]).decompress if encoding in WBITS else None
    body = bytearray()
    async for chunk in chunks:
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

"""An HTTP transport that reads no more of an answer than an answer can be."""

import ssl
import zlib
from collections.abc import Callable
from functools import lru_cache

import httpx2

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

    def __init__(self) -> None:
        super().__init__(verify=_trust(), limits=httpx2.Limits(max_connections=CONNECTIONS))

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


@lru_cache
def _trust() -> ssl.SSLContext:
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

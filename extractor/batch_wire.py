"""The provider's files and batches endpoints: one try a call, and what fails is a ``FaultError``.

Files go out from the disk and come in onto it, piece by piece; nothing else is larger than a page.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO

import httpx2

from extractor.errors import ConfigError, ModelUnavailable
from extractor.faults import Fault, FaultError, fault_of_status
from extractor.hush import hushed
from extractor.loose import Json, number_in, object_in, objects_in, parsed, string_in
from extractor.transport import BODY_LIMIT, CHUNK, proxy_for, sendable, trust

QUESTIONS = "/v1/chat/completions"  # where the lines of a batch are answered
WINDOW = "24h"  # the only one there is
TOKEN_NAME = "extractor_part"  # noqa: S105  under it a batch carries its part's token
READ_SECONDS = 60.0
CALL_SECONDS = 120.0
TRANSFER_SECONDS = 3600.0
FILE_LIMIT = 20_000_000_000  # bytes; 50,000 answers are far less
PAGE, PAGES = 100, 2000
FULL = frozenset({"token_limit_exceeded"})  # of the questions that may wait there at a time
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
UNREACHED = "The provider's batches could not be reached, or it broke off: check OPENAI_BASE_URL."
STRANGE = "The server's answer was neither a batch nor a file: check OPENAI_BASE_URL."
TOO_LARGE = "The provider sent more than a batch's results can be: check OPENAI_BASE_URL."
TOO_MANY = f"The account lists over {PAGE * PAGES:,} files or batches: delete old ones."
NOT_TAKEN = "The server answered {}: it takes no files of questions, or not these: use --via calls."
UNKNOWN = (
    "The server answered 404: it has no batch endpoint (then use --via calls), or what was made "
    "there is not known to this key: check OPENAI_BASE_URL and OPENAI_API_KEY."
)


@dataclass(frozen=True)
class Batch:
    """A batch as the provider tells it.

    ``files`` are the ids of its result files, answers before errors. ``problems`` are code and line
    (from 1, if it is one line's) of what is wrong with the file of questions as a whole.
    """

    id: str
    status: str
    files: tuple[str, ...] = ()
    problems: tuple[tuple[str, int | None], ...] = ()
    answered: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.status in ENDED


class Lost(FaultError):
    """What was asked for is not there, or not for this key."""


class QueueFull(FaultError):
    """No batch was made: the account has as much waiting there as it may."""


class Provider:
    """The two endpoints, for one account. No text, key or address is in what is raised.

    Raises:
        ConfigError: the key holds characters that cannot be sent.
    """

    def __init__(self, base_url: str, api_key: str | None) -> None:
        self._root = base_url.rstrip("/")
        self._client = httpx2.AsyncClient(
            headers={
                "authorization": f"Bearer {sendable(api_key)}",
                "accept-encoding": "identity",  # decompression would have no bound
            },
            transport=httpx2.AsyncHTTPTransport(verify=trust(), proxy=proxy_for(base_url)),
            timeout=READ_SECONDS,
            follow_redirects=False,  # articles go to the address that was set, or nowhere
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def upload(self, file: BinaryIO, name: str) -> str:
        """Send a file of questions; its id there."""
        parts: Json = {"file": (name, file, "application/jsonl")}
        sent: Json = {"data": {"purpose": "batch"}, "files": parts}
        return _id(await self._json("POST", "/files", sent, TRANSFER_SECONDS))

    async def create(self, file_id: str, token: str) -> Batch:
        """Submit an uploaded file: from here on its questions are paid for."""
        order = {
            "input_file_id": file_id,
            "endpoint": QUESTIONS,
            "completion_window": WINDOW,
            "metadata": {TOKEN_NAME: token},
        }
        return _batch(await self._json("POST", "/batches", {"json": order}))

    async def batch(self, batch_id: str) -> Batch:
        """How a batch stands."""
        return _batch(await self._json("GET", f"/batches/{batch_id}", {}))

    async def file_named(self, name: str) -> str | None:
        """The id of an uploaded file of this name, if there is one."""
        async for file in self._all("/files", {"purpose": "batch"}):
            if file.get("filename") == name:
                return _id(file)
        return None

    async def batch_of(self, file_id: str, token: str) -> Batch | None:
        """The batch of this file or this token, if there is one, whatever became of it.

        Either would do, if every server kept it.
        """
        async for batch in self._all("/batches", {}):
            carried = object_in(batch.get("metadata")).get(TOKEN_NAME)
            if carried == token or batch.get("input_file_id") == file_id:
                return _batch(batch)
        return None

    async def download(self, file_id: str, into: BinaryIO) -> None:
        """Write a result file to ``into``, from its start."""
        into.seek(0)
        into.truncate()
        path, left = f"/files/{file_id}/content", FILE_LIMIT
        async with self._answer("GET", path, {}, TRANSFER_SECONDS) as response:
            async for chunk in response.aiter_raw(CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise FaultError(Fault(ConfigError(TOO_LARGE), stop=True))
                into.write(chunk)

    async def _all(self, path: str, query: dict[str, str]) -> AsyncGenerator[Json]:
        """Everything that is listed, page by page, in whatever order."""
        for _ in range(PAGES):
            page = await self._json("GET", path, {"params": {"limit": str(PAGE), **query}})
            found = objects_in(page.get("data"))
            for each in found:
                yield each
            if not found or not page.get("has_more"):
                return
            query = {**query, "after": _id(found[-1])}
        raise FaultError(Fault(ConfigError(TOO_MANY), stop=True))

    async def _json(
        self, method: str, path: str, sent: Json, seconds: float = CALL_SECONDS
    ) -> Json:
        async with self._answer(method, path, sent, seconds) as response:
            body = await _body(response)
        if found := parsed(body):
            return found
        raise _strange()

    def _answer(
        self, method: str, path: str, sent: Json, seconds: float
    ) -> AbstractAsyncContextManager[httpx2.Response]:
        return _judged(self._client.stream(method, self._root + path, **sent), seconds)


@asynccontextmanager
async def _judged(
    stream: AbstractAsyncContextManager[httpx2.Response], seconds: float
) -> AsyncGenerator[httpx2.Response]:
    """A good answer, for ``seconds`` in all; whatever breaks while it is read is a fault too."""
    try:
        with hushed():
            async with asyncio.timeout(seconds), stream as response:
                if not 200 <= response.status_code < 300:
                    raise _failure(response, await _body(response))
                yield response
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, TimeoutError):
        raise FaultError(Fault(ModelUnavailable(UNREACHED), retry=True)) from None


async def _body(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw(CHUNK):
        body += chunk
        if len(body) > BODY_LIMIT:
            raise FaultError(Fault(ConfigError(TOO_LARGE), stop=True))
    return bytes(body)


def _failure(response: httpx2.Response, body: bytes) -> FaultError:
    status, error = response.status_code, error_in(body)
    if error.get("code") in FULL:
        return QueueFull(Fault(ModelUnavailable("The provider's queue is full.")))
    fault = fault_of_error(status, error, response.headers)
    if status in {401, 403} or isinstance(fault.error, ModelUnavailable):
        return FaultError(fault)
    if status == 404:
        return Lost(Fault(ConfigError(UNKNOWN), stop=True))
    return FaultError(Fault(ConfigError(NOT_TAKEN.format(status)), stop=True))


def fault_of_error(status: int, error: Json, headers: Mapping[str, str] | None = None) -> Fault:
    """What a failure's status and its error (message, type, code, param) come to."""
    kinds, param = {str(error.get("code")), str(error.get("type"))}, error.get("param")
    return fault_of_status(
        status, kinds, str(error.get("message")), headers or {}, string_in(param)
    )


def error_in(body: bytes) -> Json:
    """The error that the JSON of a failure holds."""
    return object_in(parsed(body).get("error"))


def _batch(given: Json) -> Batch:
    counts = object_in(given.get("request_counts"))
    files = map(string_in, (given.get("output_file_id"), given.get("error_file_id")))
    problems = objects_in(object_in(given.get("errors")).get("data"))
    return Batch(
        id=_id(given),
        status=str(given.get("status")),
        files=tuple(name for name in files if name),
        problems=tuple((str(p.get("code")), number_in(p.get("line"))) for p in problems),
        answered=(number_in(counts.get("completed")) or 0) + (number_in(counts.get("failed")) or 0),
    )


def _id(given: Json) -> str:
    if found := string_in(given.get("id")):
        return found
    raise _strange()


def _strange() -> FaultError:
    """For all that is known, the server will find itself again."""
    return FaultError(Fault(ModelUnavailable(STRANGE), retry=True))

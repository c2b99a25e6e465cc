"""The one module that knows the SDKs: a question goes out, items of an answer come back.

instructor parses and validates; the openai client sends; tenacity is the only owner of retries.
What instructor would put on the wire (its own system text, its own schema) is replaced by the
question as the prompt made it, so that the wire holds what this project wrote and nothing else.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, cast

import httpx2
import instructor
import openai
from instructor import openai_schema
from instructor.v2 import mode_registry
from openai.types.chat import ChatCompletion
from pydantic import BaseModel, ConfigDict, JsonValue
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from extractor.errors import ConfigError, ModelUnavailable, OutputInvalid
from extractor.faults import Fault, FaultError, fault_of_status
from extractor.model import Meter, Model, Question, Stopped
from extractor.reply import content_of
from extractor.transport import BodyTooLarge, BoundedTransport

ATTEMPTS = 4
FIRST_WAIT = 0.5
LONGEST_WAIT = 20.0
CONNECT_SECONDS = 10.0
AGAIN = "Your last answer could not be read as the JSON that was asked for. Give that JSON alone."
MODE = instructor.Mode.JSON_SCHEMA  # its request costs the least; the sender sends another anyway
CHATTY = ("instructor", "instructor.v2.retry", "openai._base_client", "httpx2")
SPARED = {"temperature": None, "max_completion_tokens": "max_tokens"}


@openai_schema
class Answer(BaseModel):
    """A list of items, each still to be judged by itself: one bad item costs no other."""

    model_config = ConfigDict(extra="ignore")
    claims: list[Any]  # JSON values; Any, because instructor walks the annotation at every call


_asking = ContextVar("_asking", default=False)


def _is_welcome(record: logging.LogRecord) -> bool:
    """The SDKs log failures with the answer's text, and addresses: not of this package's calls."""
    return record.levelno < logging.INFO or not _asking.get()


for _name in CHATTY:
    logging.getLogger(_name).addFilter(_is_welcome)


def connect(name: str, base_url: str, api_key: str | None, seconds: float) -> Model:
    """A model behind an OpenAI-compatible endpoint. Nothing is sent until it is asked.

    Takes a second or two: what the SDKs would load at the first call is loaded here.

    Raises:
        ConfigError: the key holds characters that cannot be sent.
    """
    key = (api_key or "none").strip()
    if not key.isascii() or not key.isprintable():
        raise ConfigError("The key holds characters that no key has: set OPENAI_API_KEY again.")
    client = openai.AsyncOpenAI(
        base_url=base_url,
        api_key=key,
        max_retries=0,
        http_client=httpx2.AsyncClient(
            transport=BoundedTransport(),
            timeout=httpx2.Timeout(seconds, connect=CONNECT_SECONDS),
            follow_redirects=False,  # an article goes to the address that was set, or nowhere
        ),
    )
    create = instructor.patch(create=_sender(client, name), mode=MODE)
    mode_registry.get_handlers(instructor.Provider.OPENAI, MODE)

    async def ask(question: Question, meter: Meter, deadline: float) -> list[JsonValue]:
        asking = _asking.set(True)
        try:
            return await _retried(create, question, meter, deadline)
        finally:
            _asking.reset(asking)

    return Model(name, ask, client.close)


def _sender(client: openai.AsyncOpenAI, name: str) -> Callable[..., Any]:
    """The create function that instructor calls: sends the question, judges the bare reply."""
    spared: set[str] = set()  # what this model turned out not to take

    async def send(*, question: Question, meter: Meter, **_: object) -> ChatCompletion:
        wire = _wire(name, question, spared)
        meter.sent()
        try:
            # Not ``chat.completions.create``: a second to import, and 2 ms a call to copy ``wire``.
            reply = cast(
                "object", await client.post("/chat/completions", cast_to=ChatCompletion, body=wire)
            )
        except openai.BadRequestError as error:
            if error.param not in SPARED or error.param not in wire:
                raise FaultError(_fault(error)) from error
            spared.add(error.param)
            raise FaultError(Fault(_fault(error).error, retry=True, wait=0)) from error
        except Exception as error:
            raise FaultError(_fault(error)) from error
        meter.read(reply)
        return _readable(reply)

    return send


def _readable(reply: object) -> ChatCompletion:
    content, completion = content_of(reply), cast("ChatCompletion", reply)
    completion.choices[0].message.content = content
    return completion


def _wire(name: str, question: Question, spared: set[str]) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "model": name,
        "messages": list(question.messages),
        "temperature": 0,
        "max_completion_tokens": question.max_tokens,
    }
    for key in spared:
        value, other = wire.pop(key), SPARED[key]
        wire |= {other: value} if other else {}
    if question.grammar:
        # A response_format beside it would win over the grammar without a word.
        wire |= {"grammar": question.grammar, "max_tokens": question.max_tokens}
        wire.pop("max_completion_tokens", None)
    elif question.response_format:
        wire["response_format"] = question.response_format
    return wire


async def _retried(
    create: Callable[..., Any], question: Question, meter: Meter, deadline: float
) -> list[JsonValue]:
    asked = question

    async def step() -> list[JsonValue]:
        nonlocal asked
        try:
            return (await _parsed(create, asked, meter)).claims
        except FaultError as failed:
            if isinstance(failed.fault.error, OutputInvalid):
                asked = _again(question)
            raise

    # A fresh owner each time: one shared by concurrent calls miscounts.
    retrying = AsyncRetrying(
        stop=lambda state: stop_after_attempt(ATTEMPTS)(state) or _too_late(state, deadline),
        wait=_wait,
        retry=retry_if_exception(lambda e: isinstance(e, FaultError) and e.fault.retry),
        reraise=True,
    )
    try:
        return await retrying(step)
    except FaultError as failed:
        fault = failed.fault
    # Out here, so that the error carries no context: the SDKs' errors hold article and key.
    raise Stopped(fault.error) if fault.stop else fault.error


def _again(question: Question) -> Question:
    messages = (*question.messages, {"role": "user", "content": AGAIN})
    return Question(messages, question.max_tokens, question.grammar, question.response_format)


async def _parsed(create: Callable[..., Any], question: Question, meter: Meter) -> Answer:
    try:
        return await create(
            response_model=Answer,
            max_retries=0,
            messages=[{"role": "user", "content": ""}],
            question=question,
            meter=meter,
        )
    except (asyncio.CancelledError, FaultError):
        raise
    except Exception as error:
        raise _unwrapped(error) from None


def _unwrapped(error: BaseException) -> FaultError:
    """The fault inside what instructor raised; its own errors hold the article, so they go."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, FaultError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return FaultError(Fault(OutputInvalid("The model's answer was not the JSON asked for."), True))


def _wait(state: RetryCallState) -> float:
    """What the server asked for, else doubling; jitter keeps callers from marching in step."""
    failed = state.outcome.exception() if state.outcome else None
    asked = failed.fault.wait if isinstance(failed, FaultError) else None
    doubling = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (state.attempt_number - 1))
    jitter = random.uniform(0, 0.25)  # noqa: S311  spreads load, hides nothing
    return asked + jitter if asked is not None else doubling * (0.75 + jitter)


def _too_late(state: RetryCallState, deadline: float) -> bool:
    return time.monotonic() + _wait(state) >= deadline


def _fault(error: Exception) -> Fault:
    """Translate what the client raised. Anything unforeseen counts as an unusable answer."""
    if isinstance(error, openai.APIStatusError):
        kinds = {str(error.code), str(error.type)}
        return fault_of_status(error.status_code, kinds, error.message, error.response.headers)
    if isinstance(error.__cause__, BodyTooLarge):
        return Fault(OutputInvalid("The model's server sent more than any answer can be."))
    if isinstance(error, openai.APITimeoutError):
        return Fault(ModelUnavailable("The model's server did not answer in time."), retry=True)
    if isinstance(error, openai.APIConnectionError):
        text = "The model's server could not be reached, or broke off: check OPENAI_BASE_URL."
        return Fault(ModelUnavailable(text), retry=True)
    return Fault(OutputInvalid("The model's server sent an answer that is no answer."), retry=True)

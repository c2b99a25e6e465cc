"""The one module that knows the SDKs: a question goes out, items of an answer come back.

instructor parses and validates; the openai client sends; tenacity is the only owner of retries.
What instructor would put on the wire (its own system text, its own schema) is replaced by the
question as the prompt made it, so that the wire holds what this project wrote and nothing else.
"""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast

import httpx2
import instructor
import openai
from instructor import openai_schema
from instructor.v2 import mode_registry
from openai.types.chat import ChatCompletion
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_none,
)

from extractor.errors import ModelUnavailable, OutputInvalid
from extractor.faults import SPARED, Fault, FaultError, fault_of_status
from extractor.hush import hushed
from extractor.model import Ask, Meter, Model, Question, Stopped
from extractor.pacing import LONGEST_PAUSE, Pacer
from extractor.queueing import Post, Wire, paced
from extractor.reply import content_of
from extractor.transport import BodyTooLarge, BoundedTransport, proxy_for, sendable

ATTEMPTS = 4
FIRST_WAIT = 0.5
LONGEST_WAIT = 20.0
CONNECT_SECONDS = 10.0
AGAIN = "Your last answer could not be read as the JSON that was asked for. Give that JSON alone."
Wait = Callable[[RetryCallState], float]
MODE = instructor.Mode.JSON_SCHEMA  # its request costs the least; the sender sends another anyway


@openai_schema
class Answer(BaseModel):
    """A list of items, each still to be judged by itself: one bad item costs no other."""

    model_config = ConfigDict(extra="ignore")
    claims: list[Any]  # JSON values; Any, because instructor walks the annotation at every call

    @classmethod
    def model_json_schema(cls, *args: Any, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        """Not worked out anew: instructor asks for it at every call, and the sender drops it."""
        del args, options
        return {"title": "Answer", "type": "object", "properties": {"claims": {"type": "array"}}}


def connect(
    name: str, base_url: str, api_key: str | None, seconds: float, pacer: Pacer | None = None
) -> Model:
    """A model behind an OpenAI-compatible endpoint. Nothing is sent until it is asked.

    Takes a second or two: what the SDKs would load at the first call is loaded here. With a
    ``pacer`` every call waits for its turn and then has ``seconds`` for itself; where the
    provider's rate limit refuses it, it waits for another turn, however often.

    Raises:
        ConfigError: the key holds characters that cannot be sent.
    """
    client = openai.AsyncOpenAI(
        base_url=base_url,
        api_key=sendable(api_key),
        max_retries=0,
        http_client=httpx2.AsyncClient(
            transport=BoundedTransport(proxy_for(base_url)),
            timeout=httpx2.Timeout(seconds, connect=CONNECT_SECONDS),
            follow_redirects=False,  # an article goes to the address that was set, or nowhere
            event_hooks={"response": [_listening(pacer)] if pacer else []},
        ),
    )
    post = paced(_post(client), pacer, seconds) if pacer else _post(client)
    return Model(name, _asking(name, post, _wait), client.close)


def through(name: str, post: Post) -> Model:
    """A model that ``post`` answers for, with a completion's JSON. It waits between no tries."""

    async def completion(wire: Wire, meter: Meter) -> object:
        return _constructed(await post(wire, meter))

    async def close() -> None:
        pass

    return Model(name, _asking(name, completion, wait_none()), close)


def _asking(name: str, post: Post, wait: Wait) -> Ask:
    create = instructor.patch(create=_sender(post, name), mode=MODE)
    mode_registry.get_handlers(instructor.Provider.OPENAI, MODE)

    async def ask(question: Question, meter: Meter, deadline: float) -> list[JsonValue]:
        with hushed():
            return await _retried(create, question, meter, deadline, wait)

    return ask


def _post(client: openai.AsyncOpenAI) -> Post:
    async def post(wire: Wire, meter: Meter) -> object:
        meter.sent()
        try:
            # Not ``chat.completions.create``: a second to import, and 2 ms a call to copy ``wire``.
            reply = await client.post("/chat/completions", cast_to=httpx2.Response, body=wire)
            return _completion(reply.content)
        except Exception as error:
            raise FaultError(_fault(error)) from error

    return post


def _completion(body: bytes) -> object:
    """A completion if the server sent one. Most are as documented, and those are read at once."""
    with suppress(ValidationError):
        return ChatCompletion.model_validate_json(body)
    with suppress(ValueError):
        return _constructed(json.loads(body))
    return None


def _constructed(reply: object) -> object:
    """A completion of what is there: many servers leave out fields, or add their own values."""
    return ChatCompletion.construct(**cast("Wire", reply)) if isinstance(reply, dict) else reply


def _listening(pacer: Pacer) -> Callable[[httpx2.Response], Awaitable[None]]:
    """What the client calls with each response. Not all 429 are limits: they are judged first."""

    async def listen(response: httpx2.Response) -> None:
        if response.status_code != 429:
            pacer.heard(response.status_code, response.headers)

    return listen


def _sender(post: Post, name: str) -> Callable[..., Any]:
    """The create function that instructor calls: sends the question, judges the bare reply."""
    spared: set[str] = set()  # what this model turned out not to take

    async def send(*, question: Question, meter: Meter, **_: object) -> ChatCompletion:
        wire = _wire(name, question, spared)
        try:
            reply = await post(wire, meter)
        except FaultError as failed:
            param = failed.fault.param
            if param is None or param not in wire:
                raise
            spared.add(param)
            raise FaultError(Fault(failed.fault.error, retry=True, wait=0)) from failed
        meter.read(reply)
        return _readable(reply)

    return send


def _readable(reply: object) -> ChatCompletion:
    content, completion = content_of(reply), cast("ChatCompletion", reply)
    completion.choices[0].message.content = content
    return completion


def _wire(name: str, question: Question, spared: set[str]) -> Wire:
    wire: Wire = {
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
    create: Callable[..., Any], question: Question, meter: Meter, deadline: float, wait: Wait
) -> list[JsonValue]:
    asked, tries = question, 0

    async def step() -> list[JsonValue]:
        nonlocal asked, tries
        tries += 1
        meter.retries += tries > 1
        try:
            claims = (await _parsed(create, asked, meter)).claims
        except FaultError as failed:
            if isinstance(failed.fault.error, OutputInvalid):
                asked = _again(question)
            raise
        meter.first_tries += tries == 1
        return claims

    # A fresh owner each time: one shared by concurrent calls miscounts.
    retrying = AsyncRetrying(
        stop=lambda s: stop_after_attempt(ATTEMPTS)(s) or time.monotonic() + wait(s) >= deadline,
        wait=wait,
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
    if asked is not None:
        return min(asked, LONGEST_PAUSE) + jitter
    return doubling * (0.75 + jitter)


def _fault(error: Exception) -> Fault:
    """Translate what the client raised. Anything unforeseen counts as an unusable answer."""
    if isinstance(error, openai.APIStatusError):
        kinds = {str(error.code), str(error.type)}
        headers = error.response.headers
        return fault_of_status(error.status_code, kinds, error.message, headers, error.param)
    if isinstance(error.__cause__, BodyTooLarge):
        return Fault(OutputInvalid("The model's server sent more than any answer can be."))
    if isinstance(error, openai.APITimeoutError):
        return Fault(ModelUnavailable("The model's server did not answer in time."), retry=True)
    if isinstance(error, openai.APIConnectionError):
        text = "The model's server could not be reached, or broke off: check OPENAI_BASE_URL."
        return Fault(ModelUnavailable(text), retry=True)
    return Fault(OutputInvalid("The model's server sent an answer that is no answer."), retry=True)

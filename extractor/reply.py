"""What a model's reply is worth: the JSON text in it, or the fault that it is. No SDK in here."""

import json
import re
from typing import Any, cast

from extractor.errors import ModelRefused, ModelUnavailable, OutputInvalid
from extractor.faults import Fault, FaultError, Filtered, Truncated
from extractor.text import UNWANTED

FENCED = re.compile(r"\s*```(?:json)?\s*(.*?)\s*```\s*", re.DOTALL)
ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
SURROGATE = re.compile("[\ud800-\udfff]")
SPOILED = "\uffff"


def content_of(reply: object) -> str:
    """The text of a chat completion; refusals, cuts and strange bodies are raised as faults."""
    choice = _first(getattr(reply, "choices", None))
    message = getattr(choice, "message", None)
    if not message:
        text = "The model's server answered 200 without a completion: check OPENAI_BASE_URL."
        raise FaultError(Fault(ModelUnavailable(text), retry=True))
    finish = getattr(choice, "finish_reason", None)
    if finish == "content_filter":
        raise FaultError(Fault(Filtered("A content filter stopped the model's answer.")))
    if getattr(message, "refusal", None):
        raise FaultError(Fault(ModelRefused("The model refused to answer for this text.")))
    if finish == "length":
        raise FaultError(Fault(Truncated("The model's answer was cut at its length limit.")))
    content = getattr(message, "content", None)
    if not isinstance(content, str):
        raise FaultError(Fault(OutputInvalid("The model's answer was empty."), retry=True))
    return _sound(content)


def _first(choices: object) -> object:
    return cast("list[Any]", choices)[0] if isinstance(choices, list) and choices else None


def _sound(content: str) -> str:
    """JSON out of its fence, with lone surrogates marked, so that they spoil one item, not all.

    The mark is a noncharacter, which no claim may hold. Control characters stay, but escaped.
    """
    if fenced := FENCED.fullmatch(content):
        content = fenced[1]
    if not UNWANTED.search(content) and not ESCAPED_SURROGATE.search(content):
        return content
    try:
        text = json.dumps(json.loads(content, strict=False), ensure_ascii=False)
    except (ValueError, RecursionError):
        return content
    return SURROGATE.sub(SPOILED, text)

"""JSON that a server sent, as far as it has the shape that it should."""

import json
from typing import Any, cast

Json = dict[str, Any]


def parsed(body: bytes) -> Json:
    """The JSON object that ``body`` is; an empty one if it is none."""
    try:
        return object_in(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def object_in(given: object) -> Json:
    """``given`` if it is an object, else an empty one."""
    return cast("Json", given) if isinstance(given, dict) else {}


def objects_in(given: object) -> list[Json]:
    """The items of ``given`` as objects, if it is a list."""
    items = cast("list[object]", given) if isinstance(given, list) else []
    return [object_in(item) for item in items]


def number_in(given: object) -> int | None:
    """``given`` if it is a whole number."""
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def string_in(given: object) -> str | None:
    """``given`` if it is a string with something in it."""
    return given if isinstance(given, str) and given else None

"""The JSON schema that a server is asked to hold a model to, strict or not."""

from copy import deepcopy
from functools import lru_cache
from typing import cast

from pydantic import BaseModel, JsonValue

Json = dict[str, JsonValue]
DECORATION = ("title", "description", "default")


@lru_cache
def wire_schema(model: type[BaseModel]) -> Json:
    """``model`` as strict structured outputs take it: closed objects, everything required."""
    schema = cast("Json", deepcopy(model.model_json_schema()))
    _tighten(schema)
    return schema


def _tighten(node: JsonValue) -> None:
    if isinstance(node, list):
        for item in node:
            _tighten(item)
    if not isinstance(node, dict):
        return
    properties = node.get("properties")
    if isinstance(properties, dict):
        node["additionalProperties"] = False
        node["required"] = list(properties)
    for key, value in list(node.items()):
        if key in DECORATION and isinstance(value, str):
            del node[key]
        elif key == "properties" and isinstance(value, dict):
            for inner in value.values():
                _tighten(inner)
        else:
            _tighten(value)


def response_format(name: str, model: type[BaseModel], strict: bool) -> Json:
    """Strict JSON schema, or plain JSON mode for servers that refuse it."""
    if not strict:
        return {"type": "json_object"}
    return {
        "type": "json_schema",
        "json_schema": {"name": name, "strict": True, "schema": wire_schema(model)},
    }

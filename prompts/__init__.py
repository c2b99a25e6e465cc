"""Prompt templates as versioned package data. The article's text is a value, never a template."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import cast

from jinja2 import Environment, FunctionLoader, StrictUndefined

CLAIMS = "claims.v2"
CLAUSES = "clauses.v1"
SUFFIXES = (".jinja", ".json")

__all__ = ["CLAIMS", "CLAUSES", "Prompt", "load_prompt"]


@dataclass(frozen=True)
class Prompt:
    """One prompt: ``name`` for people, ``digest`` (sha256 of its files) for machines."""

    name: str
    digest: str
    files: dict[str, str]

    def render(self, template: str, **values: object) -> str:
        """Fill ``<template>.jinja``; a value that it needs and does not get is an error."""
        return _environment(self.name).get_template(template).render(**values)

    def examples(self) -> list[dict[str, object]]:
        """The worked examples that belong to the prompt, as JSON values."""
        return cast("list[dict[str, object]]", json.loads(self.files.get("examples.json", "[]")))


@lru_cache
def load_prompt(name: str) -> Prompt:
    """Load ``prompts/<name>/``.

    Raises:
        LookupError: there is no prompt of that name.
    """
    folder = resources.files(__name__).joinpath(name)
    if not folder.is_dir():
        raise LookupError(f"no prompt named {name!r}")
    files = {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.endswith(SUFFIXES)
    }
    digest = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    return Prompt(name, digest, files)


@lru_cache
def _environment(name: str) -> Environment:
    files = load_prompt(name).files
    return Environment(
        loader=FunctionLoader(lambda template: files[f"{template}.jinja"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701  plain text for a model, never a page
    )

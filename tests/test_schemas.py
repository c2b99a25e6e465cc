"""The contract as a committed snapshot: a change to it must be seen in a diff."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

import schemas
from schemas import Extraction, Span

SNAPSHOT = Path(schemas.__file__).parent / "extraction.schema.json"


def test_the_schema_of_a_result_is_the_committed_one() -> None:
    """Write it anew with: python -m schemas.snapshot."""
    assert json.loads(SNAPSHOT.read_text(encoding="utf-8")) == Extraction.model_json_schema()


def test_a_span_must_be_as_long_as_its_text() -> None:
    with pytest.raises(ValidationError):
        Span(start=3, end=9, text="four")
    with pytest.raises(ValidationError):
        Span(start=-1, end=3, text="four")

"""For all tests: a machine that is busy is no reason to fail. And where backfills read and write."""

from pathlib import Path

import pytest
from backfilling import articles
from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """As many invented articles as the test's module has for its ``COUNT``."""
    return articles(tmp_path / "in.jsonl", request.module.COUNT)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl"

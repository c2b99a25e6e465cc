"""The page on scale shows what its constants come to."""

from pathlib import Path

import pytest

from evals.bench.scale import TABLES

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_the_page_shows_the_table(table):
    assert "\n".join(table()) in PAGE.read_text(encoding="utf-8")

"""The embedded model itself, on one short invented article. Needs the ``[local]`` extra."""

from datetime import UTC, datetime

import pytest

from extractor import Article, Comparator, Extraction, Extractor, Status, TimeBasis

pytest.importorskip("xllamacpp")

# Invented for this test.
TEXT = """Pump station reopens in Port Ansel

The pump station hidden behind the old mill has reopened, harbour master Ola Brand told Port Wire on Monday, adding that up to 7,500 homes had no water.

Thank you for registering
"""


@pytest.fixture(scope="module")
def result() -> Extraction:
    with Extractor() as extractor:
        return extractor.extract(Article(text=TEXT, published_at=datetime(2025, 3, 6, tzinfo=UTC)))


@pytest.mark.live
@pytest.mark.timeout(600)
def test_the_embedded_model_gives_checked_claims(result: Extraction) -> None:
    assert result.status is Status.OK
    assert result.provenance.endpoint == "local"
    assert result.usage.calls >= 1
    assert result.usage.output_tokens > 0
    assert result.usage.cost_usd == 0
    assert len(result.claims) >= 2
    for claim in result.claims:
        assert all(TEXT[e.start : e.end] == e.text for e in claim.evidence)
        assert "registering" not in claim.statement


@pytest.mark.live
@pytest.mark.timeout(600)
def test_slots_of_the_embedded_models_claims(result: Extraction) -> None:
    homes = next(c for c in result.claims if "homes" in c.statement)
    assert [(s.name, s.cue) for s in homes.sources] == [("harbour master Ola Brand", "adding")]
    assert homes.quantities[0].comparator is Comparator.AT_MOST
    assert homes.quantities[0].value == 7500
    assert homes.negated
    times = [c.time for c in result.claims if c.time]
    assert all(t.basis is not TimeBasis.UNRESOLVED for t in times)

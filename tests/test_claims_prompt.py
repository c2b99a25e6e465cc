"""What a capable model gives is judged item by item, each slot against the article."""

from typing import Any

import pytest

from extractor.ask.claims import judge
from extractor.ask.style import Judged
from extractor.candidates import Candidate
from extractor.segment import segment
from extractor.window import Window
from schemas import Kind, Origin

# Invented for these tests.
TEXT = (
    "Port Ansel counts its boats\n\n"
    "Up to 7,500 boats have entered the port, harbour master Ola Brand told Port Wire on Monday.\n\n"
    "“The ice will not… hold us,” she said.\n\n"
    "The ferries have not sailed."
)
GOOD: dict[str, Any] = {
    "sentences": [2],
    "kind": "quantity",
    "statement": "Up to 7,500 boats have entered the port.",
    "subject": "Up to 7,500 boats",
    "predicate": "have entered",
    "object": "the port",
    "tellers": [{"name": "harbour master Ola Brand", "cue": "told"}],
    "quote": None,
    "quantity": "up to 7,500 boats",
    "time": "Monday",
    "place": "the port",
    "hedge": None,
    "negated": False,
}


def judged(**changes: Any) -> Judged:
    document = segment(TEXT)
    window = Window(tuple(s for s in document.sentences if s.can_claim))
    return judge(document, window, [{**GOOD, **changes}])


def candidate(**changes: Any) -> Candidate:
    result = judged(**changes)
    assert result.rejected == ()
    return result.candidates[0]


def test_a_good_claim_keeps_its_slots() -> None:
    kept = candidate()
    assert kept.kind is Kind.QUANTITY
    assert [(s.name, s.cue) for s in kept.sources] == [("harbour master Ola Brand", "told")]
    assert kept.place == "the port"
    assert kept.origins["subject"] is Origin.MODEL


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"statement": "Up to 7,000 boats have entered the port."}, "figure"),
        ({"subject": "Up to 7,000 boats"}, "subject"),
        ({"predicate": "have fled"}, "predicate"),
        ({"negated": True, "statement": "Up to 7,500 boats have not entered the port."}, "denies"),
        ({"negated": True}, "negated"),
        ({"sentences": [99]}, "no sentence"),
        ({"kind": "rumour"}, "schema"),
        ({"statement": "Mayor Zorba says up to 7,500 boats have entered the port."}, "name"),
        ({"statement": "   "}, "empty"),
        ({"statement": "Up to 7,500 boats\x00 have entered the port."}, "control"),
    ],
)
def test_what_does_not_hold_is_rejected_with_its_reason(
    changes: dict[str, Any], reason: str
) -> None:
    result = judged(**changes)
    assert result.candidates == ()
    assert any(reason in r for r in result.rejected[0].reasons)


def test_a_left_out_negation_is_rejected() -> None:
    result = judged(
        sentences=[4], statement="The ferries have sailed.", subject="The ferries",
        predicate="have sailed", object=None, quantity=None, tellers=[],
    )  # fmt: skip
    assert any("negation" in r for r in result.rejected[0].reasons)


def test_a_slot_that_is_not_in_the_article_costs_the_slot_alone() -> None:
    kept = candidate(place="the moon", hedge="allegedly", object="the sea", tellers=[])
    assert (kept.place, kept.hedge, kept.object) == (None, None, None)
    assert [s.name for s in kept.sources] == ["harbour master Ola Brand"]  # filled by the rules
    assert kept.origins["sources"] is Origin.RULE


def test_quotes_come_with_the_articles_own_bytes() -> None:
    kept = candidate(
        sentences=[3], kind="quote", statement="The ice will not hold the boats.", subject="The ice",
        predicate="will hold", object="us", quote="The ice will not... hold us,", negated=True,
        tellers=[{"name": "Ola Brand", "cue": "said"}], quantity=None, time=None, place=None,
    )  # fmt: skip
    assert kept.quote is not None
    assert kept.quote.text == "The ice will not… hold us,"
    assert TEXT[kept.quote.start : kept.quote.end] == kept.quote.text


def test_one_bad_item_costs_no_other() -> None:
    document = segment(TEXT)
    window = Window(tuple(s for s in document.sentences if s.can_claim))
    result = judge(document, window, [GOOD, "nonsense", {**GOOD, "subject": 7}, None])
    assert len(result.candidates) == 1
    assert len(result.rejected) == 3

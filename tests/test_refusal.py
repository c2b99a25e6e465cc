"""What stays of a refused draft, and which of two equal claims."""

from dataclasses import replace

from extractor.assemble import assemble
from extractor.candidates import Candidate
from extractor.refusal import GAP, LONGEST, MOST, storable
from extractor.segment import segment
from schemas import Rejected

# Invented for these tests.
TEXT = "Port Ansel bans its old boats, which carried 7,500 people. The up-to-date crews cheer."
END = len("Port Ansel bans its old boats")
CANDIDATE = Candidate(
    sentences=segment(TEXT).sentences[:1],
    statement="Port Ansel bans its old boats.",
    subject="Port Ansel",
    predicate="bans",
    object="its old boats",
    reach=((0, END),),
    lead=0,
)


def kept(words: object) -> object:
    return storable(Rejected(draft={"c": words}, reasons=()), TEXT).draft["c"]


def test_a_refused_draft_keeps_its_fields_and_the_articles_words() -> None:
    draft = {"c": "Zorba wombat | bans | old boats", "k": "event", "s": [2], "quote": "boats"}
    reasons = ("name in brackets not in the article: Zorba", "not of the schema: by.0, k, zorba")
    stored = storable(Rejected(draft=dict(draft), reasons=reasons), TEXT)
    assert stored.draft == {"c": f"{GAP} | bans | old boats", "k": "event", "s": [2]}
    assert stored.reasons == (
        f"name in brackets not in the article: {GAP}",
        f"not of the schema: by.0, k, {GAP}",
    )


def test_words_are_compared_as_they_are_joined() -> None:
    assert kept("“up-to-date” crews [Port Ansel]") == '"up-to-date" crews [Port Ansel]'
    for foreign in ("Port-Ansel", "PortAnsel", "pORT", "boats\u200bboats", "🐨", "<b>Port</b>"):
        assert kept(f"old {foreign} boats") == f"old {GAP} boats"


def test_a_figure_stays_since_it_is_why() -> None:
    assert kept("7,000 boats") == "7,000 boats"


def test_a_refused_draft_is_bounded() -> None:
    assert len(str(kept("boats " * 9_999))) <= LONGEST + len(GAP)
    assert kept(["Port"] * 999) == ["Port"] * MOST
    assert kept(10**400) == GAP


def test_an_item_that_is_no_draft_is_treated_alike() -> None:
    refused = Rejected(draft={"item": ["boats", "wombat", None, 7, {"wombat": 1}]}, reasons=())
    assert storable(refused, TEXT).draft == {"item": ["boats", GAP, None, 7, {}]}


def test_of_two_that_say_the_same_the_fuller_is_kept() -> None:
    bare = replace(CANDIDATE, object=None, reach=((0, END - 6),))
    for given in ([bare, CANDIDATE], [CANDIDATE, bare]):
        (claim,) = assemble(TEXT, "0", given, None)
        assert claim.object == "its old boats"


def test_what_a_slot_hides_is_not_stored() -> None:
    (claim,) = assemble(TEXT, "0", [replace(CANDIDATE, subject="Port\u200b An\u2060sel")], None)
    assert claim.subject == "Port Ansel"

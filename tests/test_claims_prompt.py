"""What a capable model gives is judged item by item, each piece against the article."""

from typing import Any

import pytest

from extractor.ask.claims import judge
from extractor.ask.style import Judged
from extractor.assemble import assemble
from extractor.candidates import Candidate
from extractor.segment import segment
from extractor.window import Window
from schemas import Claim, Comparator, Kind, Origin

# Invented for these tests.
TEXT = (
    "Port Ansel counts its boats\n\n"
    "Up to 7,500 boats have entered the port, harbour master Ola Brand told Port Wire on Monday.\n\n"
    "“The ice will not… hold us,” she said.\n\n"
    "The ferries have not sailed. They had reportedly lain at Ansel since May, and it’s cold.\n\n"
    "On Friday the tug Erna, which is not new, towed two barges in and lost a third.\n\n"
    "Pilots say the radio shows that the swell did not ease but grew.\n\n"
    "The crane, which nobody had oiled, jammed. The winch was never tried and would have failed.\n\n"
    "No pilot slept, because the fog hid the pier but not the buoys.\n\n"
    "The crew waited for a tide that was not rising and had no lamp. Two asked not to be named."
)
GOOD: dict[str, Any] = {
    "s": [2],
    "by": ["harbour master Ola Brand | told"],
    "c": "Up to 7,500 boats | have entered | the port | on Monday",
    "k": "quantity",
}


def judged(**changes: Any) -> Judged:
    document = segment(TEXT)
    window = Window(tuple(s for s in document.sentences if s.can_claim))
    return judge(document, window, [{**GOOD, **changes}])


def candidate(**changes: Any) -> Candidate:
    result = judged(**changes)
    assert result.rejected == ()
    return result.candidates[0]


def said(number: int, words: str, *by: str) -> Candidate:
    return candidate(s=[number], c=words, by=list(by), k="event")


def claim(number: int, words: str, *by: str) -> Claim:
    (made,) = assemble(TEXT, "0", [said(number, words, *by)], None)
    return made


def test_a_good_claim_keeps_its_slots() -> None:
    kept = candidate()
    assert kept.kind is Kind.QUANTITY
    assert kept.statement == "Up to 7,500 boats have entered the port on Monday."
    assert (kept.subject, kept.predicate, kept.object) == (
        "Up to 7,500 boats",
        "have entered",
        "the port",
    )
    assert [(s.name, s.cue) for s in kept.sources] == [("harbour master Ola Brand", "told")]
    assert kept.origins["subject"] is Origin.MODEL


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"c": "Up to 7,000 boats | have entered | the port"}, "subject"),
        ({"s": [10], "c": "The fog | hid | the pier"}, "subject"),
        ({"s": [4], "c": "harbour master Ola Brand | have not sailed"}, "subject not in the evid"),
        ({"by": ["Ola Brand | told"] * 9}, "schema"),
        ({"c": "500 boats | have entered | the port"}, "subject"),
        ({"c": " | have entered | the port"}, "subject empty"),
        ({"c": "Up to 7,500 boats | have fled | the port"}, "predicate"),
        ({"c": "Up to 7,500 boats | have not entered | the port"}, "predicate"),
        ({"c": "Up to 7,500 boats |  | the port"}, "predicate"),
        ({"c": "Up to 7,500 boats | have entered | the moon"}, "piece 3"),
        ({"c": "Up to 7,500 boats | have entered | the port | in May"}, "piece 4"),
        ({"c": "Up to 7,500 boats\x00 | have entered | the port"}, "subject"),
        ({"c": "Up to 7,500 boats | have entered | the port [\x00]"}, "control"),
        ({"c": "Up to 7,500 boats"}, "schema"),
        ({"c": "Up to 7,500 boats | have entered" + " | the port" * 5_000}, "schema"),
        ({"c": "Up to 7,500 boats |" + " the" * 5_000}, "predicate"),
        ({"s": [99]}, "no sentence"),
        ({"s": "2"}, "schema"),
        ({"k": "rumour"}, "schema"),
        ({"by": None}, "schema"),
        ({"s": [3], "c": "The ice | will hold | us"}, "negation"),
        ({"s": [4], "c": "The ferries | have sailed"}, "negation"),
        ({"s": [10], "c": "pilot | slept"}, "negation"),
        ({"s": [11], "c": "The crew | had | lamp"}, "negation"),
        ({"s": [10], "c": "the fog | hid | the buoys"}, "negation"),
        ({"s": [5], "c": "They [the dockers] | had reportedly lain | at Ansel"}, "brackets"),
        ({"s": [5], "c": "They [9 boats] | had reportedly lain | at Ansel"}, "brackets"),
        ({"s": [5], "c": "They [up to 7,500 boats] | had reportedly lain | at Ansel"}, "figure"),
        ({"s": [5], "c": "They [tHE fERRIES] | had reportedly lain | at Ansel"}, "brackets"),
        ({"s": [4, 5], "c": "They | had reportedly lain | at Ansel | not"}, "elsewhere"),
        ({"s": [4], "c": "not | The ferries | have not sailed"}, "elsewhere"),
    ],
)
def test_what_does_not_hold_is_rejected_with_its_reason(
    changes: dict[str, Any], reason: str
) -> None:
    result = judged(**changes)
    assert result.candidates == ()
    assert any(reason in r for r in result.rejected[0].reasons), result.rejected


def test_a_denial_is_kept_as_the_article_has_it() -> None:
    kept = claim(4, "The ferries | have not sailed")
    assert (kept.statement, kept.predicate, kept.negated) == (
        "The ferries have not sailed.",
        "have sailed",
        True,
    )


def test_a_denial_of_another_verb_denies_nothing_else() -> None:
    assert not claim(6, "the tug Erna | towed | two barges").negated
    assert not claim(7, "the swell | grew").negated
    assert claim(7, "the swell | did not ease").negated
    assert not claim(8, "The crane | jammed").negated
    assert not claim(9, "The winch | would have failed").negated
    assert not claim(10, "the fog | hid | the pier").negated
    assert not claim(11, "The crew | waited | for a tide that was not rising").negated
    assert not claim(12, "Two | asked | not to be named").negated
    assert claim(11, "The crew | had | no lamp").negated
    assert claim(10, "No pilot | slept").negated
    assert judged(s=[9], c="The winch | was tried", by=[]).candidates == ()


def test_two_verbs_take_each_its_own_words() -> None:
    towed = claim(6, "the tug Erna | towed | two barges in | On Friday")
    lost = claim(6, "the tug Erna | lost | a third")
    assert towed.statement == "The tug Erna towed two barges in on Friday."
    assert (towed.time and towed.time.text, lost.time) == ("Friday", None)
    assert [q.value for q in towed.quantities] == [2]
    assert lost.statement == "The tug Erna lost a third."


def test_the_capital_that_opens_a_sentence_may_be_small() -> None:
    kept = claim(2, "up to 7,500 boats | have entered | the port")
    assert (kept.subject, kept.quantities[0].value) == ("Up to 7,500 boats", 7500)
    assert claim(3, "the ice | will not… hold | us").subject == "The ice"
    turned = claim(11, "no lamp | had | the crew")
    assert turned.statement == "No lamp had the crew."
    assert turned.object == "The crew"


def test_a_figure_that_lost_its_bound_gets_it_back() -> None:
    kept = claim(2, "7,500 boats | have entered | the port")
    assert kept.statement == "Up to 7,500 boats have entered the port."
    assert kept.quantities[0].comparator is Comparator.AT_MOST


def test_an_adverb_inside_the_verb_is_put_back() -> None:
    kept = claim(5, "They | had lain | at Ansel")
    assert kept.statement == "They had reportedly lain at Ansel."
    assert (kept.hedge, kept.predicate) == ("reportedly", "had lain")


def test_a_pronoun_takes_the_name_in_brackets() -> None:
    kept = claim(5, "They [the ferries] | had reportedly lain | at Ansel since May")
    assert kept.statement == "The ferries had reportedly lain at Ansel since May."
    assert kept.subject == "They"
    named = claim(5, "They [The ferries] | had reportedly lain | at Ansel since May")
    assert (named.subject, named.evidence) == ("The ferries", kept.evidence)


def test_only_a_pronoun_takes_a_name() -> None:
    kept = claim(6, "the tug Erna [Ola Brand] | towed | two barges [The ferries] in")
    assert kept.statement == "The tug Erna towed two barges in."
    assert (kept.subject, kept.object) == ("the tug Erna", "two barges in")


def test_what_a_name_hides_is_not_stored() -> None:
    kept = claim(5, "They [The\u200b ferries\u2060] | had reportedly lain | at Ansel")
    assert kept.statement == "The ferries had reportedly lain at Ansel."


@pytest.mark.parametrize(
    ("number", "words", "teller", "told_by", "origin"),
    [
        (3, "The ice | will not… hold | us", "Ola Brand", "Ola Brand", Origin.MODEL),
        (4, "The ferries | have not sailed", "Ola Brand", None, Origin.RULE),
        (2, GOOD["c"], "Pilots", "harbour master Ola Brand", Origin.RULE),
        (2, GOOD["c"], "Ola Brand", "Ola Brand", Origin.MODEL),
    ],
)
def test_a_name_from_elsewhere_tells_only_where_somebody_unnamed_is_heard(
    number: int, words: str, teller: str, told_by: str | None, origin: Origin
) -> None:
    kept = said(number, words, f"{teller} | said")
    assert [s.name for s in kept.sources] == ([told_by] if told_by else [])
    assert kept.origins["sources"] is origin


def test_a_short_form_is_joined_again() -> None:
    assert claim(5, "it | ’s | cold").statement == "It’s cold."


def test_a_piece_said_twice_is_read_once() -> None:
    kept = claim(2, "Up to 7,500 boats | have entered | the port | the port")
    assert kept.statement == "Up to 7,500 boats have entered the port."


def test_tellers_nest_and_the_rules_fill_in_for_none() -> None:
    nested = said(7, "the swell | grew", "Pilots | say", "the radio | shows")
    assert [(s.name, s.cue) for s in nested.sources] == [("Pilots", "say"), ("the radio", "shows")]
    absent = candidate(by=["the mayor | said", ""])
    assert [s.name for s in absent.sources] == ["harbour master Ola Brand"]
    assert absent.origins["sources"] is Origin.RULE
    assert said(7, "the swell | grew", "Pilots | claim").sources[0].cue is None


def test_sentences_that_hold_no_piece_are_no_evidence() -> None:
    assert [s.number for s in candidate(s=[2, 3, 4, 5]).sentences] == [2]
    both = candidate(s=[4, 5], c="The ferries | had reportedly lain | at Ansel")
    assert [s.number for s in both.sentences] == [4, 5]


def test_quotes_come_with_the_articles_own_bytes() -> None:
    kept = claim(3, "The ice | will not... hold | us", "Ola Brand | said")
    assert kept.quote is not None
    assert kept.quote.text == "The ice will not… hold us,"
    assert TEXT[kept.quote.start : kept.quote.end] == kept.quote.text
    assert kept.negated


def test_one_bad_item_costs_no_other() -> None:
    document = segment(TEXT)
    window = Window(tuple(s for s in document.sentences if s.can_claim))
    result = judge(document, window, [GOOD, "nonsense", {**GOOD, "c": 7}, None])
    assert len(result.candidates) == 1
    assert len(result.rejected) == 3

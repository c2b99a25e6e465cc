"""From pointers to whole clauses: what the parse completes, admits and refuses."""

import pytest

from extractor.clauses import Clause, place
from extractor.rules.attribution import Passage
from extractor.rules.kind import kind_of_clause
from extractor.rules.modality import modality
from extractor.rules.place import find_place
from extractor.rules.quotes import find_quotes
from schemas import Certainty, ClauseDraft, Kind

# All sentences are invented for these tests.


def clauses(text: str, *drafts: tuple[str, str]) -> tuple[Clause, ...]:
    return place(text, (Passage(0, len(text)),), [ClauseDraft(*d) for d in drafts])[0]


def statements(text: str, *drafts: tuple[str, str]) -> list[str]:
    return [" ".join(text[a:b] for a, b in c.core) for c in clauses(text, *drafts)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Firefighters have contained the blaze and are searching two warehouses.",
            ["Firefighters have contained the blaze", "Firefighters are searching two warehouses"],
        ),
        (
            "The river, which rose by 3 metres in a night, has cut off the village.",
            ["The river rose by 3 metres in a night", "The river has cut off the village"],
        ),
        (
            "As the crew broke through the wall, the army opened a road.",
            ["the crew broke through the wall", "the army opened a road"],
        ),
        (
            "There are believed to be up to 40 men in the mine.",
            ["There are believed to be up to 40 men in the mine"],
        ),
        ("Only union members may vote.", ["Only union members may vote"]),
        ("The harbour has not reopened.", ["The harbour has not reopened"]),
        ("If it rains, the match will be off.", ["the match will be off"]),
    ],
)
def test_clauses_that_stand_by_their_form(text: str, expected: list[str]) -> None:
    assert statements(text) == expected
    assert not any(c.pointed for c in clauses(text))


def test_a_pointer_admits_a_participle_and_marks_its_clause() -> None:
    text = "Police found guns hidden in the barn."
    assert "guns hidden in the barn" not in statements(text)
    assert "guns hidden in the barn" in statements(text, ("guns", "hidden"))
    pointed = clauses("The crew left the cave.", ("crew", "left"))
    assert [c.pointed for c in pointed] == [True]


@pytest.mark.parametrize(
    "draft", [("The crew", "fled"), ("The crew", "the cave"), ("The crew", "")]
)
def test_pointers_at_nothing_are_refused_with_a_reason(draft: tuple[str, str]) -> None:
    text = "The crew left the cave."
    found, missed = place(text, (Passage(0, len(text)),), [ClauseDraft(*draft)])
    assert len(found) == 1
    assert missed[0].reason


@pytest.mark.parametrize(
    ("words", "negated", "certainty", "prediction"),
    [
        ("The harbour has not reopened", True, Certainty.CERTAIN, False),
        ("The harbour hasn’t reopened", True, Certainty.CERTAIN, False),
        ("not only the harbour has reopened", False, Certainty.CERTAIN, False),
        ("no fewer than 40 boats left", False, Certainty.CERTAIN, False),
        ("nobody was hurt", True, Certainty.CERTAIN, False),
        ("he is believed to be in the mine", False, Certainty.PROBABLE, False),
        ("the speech was reportedly broadcast", False, Certainty.POSSIBLE, False),
        ("the purchase would mark a change", False, Certainty.PROBABLE, True),
        ("told how guards would shoot at boats", False, Certainty.CERTAIN, False),
        ("the vote is expected to be close", False, Certainty.PROBABLE, True),
    ],
)
def test_modality(words: str, negated: bool, certainty: Certainty, prediction: bool) -> None:
    says = modality(words)
    assert (says.negated, says.certainty, says.prediction) == (negated, certainty, prediction)


@pytest.mark.parametrize(
    ("predicate", "rest", "quantity", "kind"),
    [
        ("has entered", "the port", False, Kind.EVENT),
        ("is", "under the old bridge", False, Kind.STATE),
        ("has", "a population of 1.5 million", True, Kind.QUANTITY),
        ("has been", "the most significant step", False, Kind.ASSESSMENT),
    ],
)
def test_kinds(predicate: str, rest: str, quantity: bool, kind: Kind) -> None:
    assert kind_of_clause(predicate, rest, quantity, False, modality(f"{predicate} {rest}")) is kind


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        ("He said “we won” and left.", ["we won"]),
        (
            'He told them to “"turn the nights of winter into days".',
            ["turn the nights of winter into days"],
        ),
        ('One said: “We heard it. The house shook."', ["We heard it. The house shook."]),
        ("It was ‘a fair result’, she said, and didn’t smile.", ["a fair result"]),
        ("It ran on: “there was no end", ["there was no end"]),
    ],
)
def test_quotes_with_broken_marks(text: str, quotes: list[str]) -> None:
    assert [q.text for q in find_quotes(text)] == quotes


@pytest.mark.parametrize(
    ("text", "place_words"),
    [
        ("40 men are hiding in and around the city", "in and around the city"),
        ("He landed in Port Ansel on Monday", "Port Ansel"),
        ("He landed in March", None),
        ("north of the river they wait", "north of the river"),
    ],
)
def test_places(text: str, place_words: str | None) -> None:
    assert find_place(text, [(0, len(text))]) == place_words

"""Grounding: exact after typographic folding, each row of the design's table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.checks import statement_problems
from extractor.grounding import occurrences
from extractor.text import clean, fold

# Invented for these tests.
TEXT = (
    "Divers found up to 7,500 coins near the estimated 5,000 shards. “We have  never seen… such "
    "a thing,” said Ola Brand. The crew has entered the cave. The crew left."
)


def found(words: str) -> str | None:
    return next((TEXT[start:end] for start, end in occurrences(TEXT, words)), None)


@pytest.mark.parametrize(
    ("words", "bytes_of_the_article"),
    [
        ('"We have never seen... such a thing,"', "“We have  never seen… such a thing,”"),
        ("up to 7,500 coins", "up to 7,500 coins"),
        ("seen...", "seen…"),
        ("up to 7,000 coins", None),
        ("estimated 7,500 shards", None),
        ("500", None),
        ("7", None),
        ("75,00", None),
        ("the crew has entered", None),  # letters' case is never folded
        ("The crew has not entered", None),
        ("ent", None),
    ],
)
def test_words_are_found_as_the_article_has_them(
    words: str, bytes_of_the_article: str | None
) -> None:
    assert found(words) == bytes_of_the_article


def test_every_place_is_found() -> None:
    first, last = TEXT.index("The crew"), TEXT.rindex("The crew")
    assert list(occurrences(TEXT, " The crew ")) == [(first, first + 8), (last, last + 8)]
    assert list(occurrences(TEXT, "a dragon")) == list(occurrences(TEXT, "  ")) == []


@pytest.mark.parametrize(
    ("statement", "evidence", "problem"),
    [
        (
            "An estimated 7,500 members are in the city.",
            "the estimated 5,000 members in the city",
            "figure",
        ),
        ("There are up to 7,000 militants.", "There are up to 7,500 militants.", "figure"),
        ("Troops have not entered the city.", "Troops have entered the city.", "denies"),
        (
            "Fighters abandoned every trench yesterday evening.",
            "Troops have entered the city.",
            "words",
        ),
        ("Troops led by Zorba have entered the city.", "Troops have entered the city.", "name"),
        ("Troops have entered the city.", "Troops have entered the city.", None),
        ("Up to 7500 men are there.", "up to 7,500 men are there", None),
    ],
)
def test_statements_say_only_what_the_evidence_says(
    statement: str, evidence: str, problem: str | None
) -> None:
    problems = list(statement_problems(statement, evidence, evidence))
    assert any(problem in p for p in problems) if problem else problems == []


@given(st.text(max_size=200))
def test_folding_maps_back(text: str) -> None:
    folded = fold(text)
    assert len(folded.origin) == len(folded.text) + 1
    assert list(folded.origin) == sorted(folded.origin)
    for i in range(len(folded.text)):
        start, end = folded.back(i, i + 1)
        assert 0 <= start < end <= len(text)


@given(st.text(max_size=60), st.text(min_size=1, max_size=12), st.text(max_size=60))
def test_what_is_there_is_found_and_slices_back(before: str, words: str, after: str) -> None:
    text = f"{before} | {words} | {after}"
    for start, end in occurrences(text, words):
        assert fold(text[start:end]).text.strip() == fold(words.strip()).text.strip()
    if fold(words).text.strip() and not words[0].isspace():
        assert list(occurrences(text, words))


@given(st.text())
def test_clean_text_holds_no_control_characters(text: str) -> None:
    assert not [c for c in clean(text) if ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF]

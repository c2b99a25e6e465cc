import pytest

from evals.times import interval, value_similarity
from evals.words import (
    content,
    name_similarity,
    numbers,
    quote_similarity,
    text_similarity,
    words,
)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("Boris Johnson", "BORIS JOHNSON", 1.0),
        ("Foreign Secretary Boris Johnson", "Boris Johnson", 1.0),
        ("the Red Crescent", "Red Crescent", 1.0),
        ("Ada Finch", "Finch", 0.5),
        ("Ada Finch", "Bo Marsh", 0.0),
        ("Spokesman", "spokesman", 1.0),
    ],
)
def test_names(left, right, expected):
    assert name_similarity(left, right) == name_similarity(right, left)
    if expected == 0.5:
        assert 0.5 <= name_similarity(left, right) < 1
    else:
        assert name_similarity(left, right) == expected


def test_words_drop_possessives_and_thousands_separators():
    assert words("ISIS’s 7,500 men in al-Qaim") == ("isis", "7500", "men", "in", "al", "qaim")


def test_content_keeps_function_words_where_nothing_else_stands():
    assert content("may have been") == {"may", "have", "been"}
    assert content("have entered the city") == {"entered", "city"}


def test_text_similarity_ignores_function_words():
    assert text_similarity("had entered the city", "entered city") == 1.0


def test_curly_and_straight_quotes_are_equal():
    assert quote_similarity("it’s “over”", 'it\'s "over"') == 1.0


def test_numbers_ignore_thousands_separators_alone():
    assert numbers("7,500 of 1.5 million") == {"7500", "1.5"}


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("2016-11-03", "2016-11-03", 1.0),
        ("2016-11-03", "2016-11", 0.5),
        ("2016-11", "2016-11-03", 0.5),
        ("2014/..", "2015", 0.5),
        ("2014", "2014~", 0.5),
        ("2014", "2014-01/2014-12", 1.0),
        ("2016-22", "2016-07", 0.5),
        ("2016-11-03T14:05", "2016-11-03", 0.5),
        ("201X", "2014-XX", 0.5),
        ("2024-35", "2024-07/2024-09", 1.0),
        ("2024-35", "2024-09", 0.5),
        ("2024-40", "2024-07", 0.0),
        ("2025-W37", "2025-09-10", 0.5),
        ("2025-W37", "2025-09-08/2025-09-14", 1.0),
        ("2016-11-03", "2016-11-04", 0.0),
        ("2016-11-03", "Thursday", 0.0),
    ],
)
def test_times_compare_as_intervals(left, right, expected):
    assert value_similarity(left, right) == expected
    assert value_similarity(right, left) == expected


@pytest.mark.parametrize("value", ["", "Thursday", "2016-13", "2016-02-30", "9999-12-31", "x/y"])
def test_unreadable_times_have_no_interval(value):
    assert interval(value) is None

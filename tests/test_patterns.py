"""Shortcuts find what the patterns that they spare would find."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractor.normalise import numbers, phrases, time
from extractor.patterns import any_of
from extractor.rules import modality, reporting
from extractor.text import letters

WORDS = st.lists(st.text("abc. ", min_size=1, max_size=4), min_size=1, max_size=8)


@given(WORDS, st.text("abc. ", max_size=20))
def test_a_tree_finds_the_longest_word_that_fits(words: list[str], text: str) -> None:
    longest = "|".join(map(re.escape, sorted(set(words), key=len, reverse=True)))
    assert re.findall(any_of(words), text) == re.findall(longest, text)


KEYED = (
    (modality.NEGATION, modality.DENYING),
    (modality.PROBABLE, modality.HEDGING),
    (modality.POSSIBLE, modality.HEDGING),
    (modality.PREDICTION, modality.PREDICTING),
    (reporting.ACCORDING, frozenset({"according"})),
    (reporting.WITH, reporting.WITH_WORDS),
    (reporting.NOMINAL, reporting.NOUN_WORDS),
    (reporting.CUE, reporting.SAYING_WORDS),
    (reporting.URGING, reporting.URGING_WORDS),
)
TIMES = tuple(phrase.pattern for group in phrases.PHRASES.values() for phrase in group)


# Texts made from long patterns take their time on a busy machine.
patient = settings(suppress_health_check=[HealthCheck.too_slow])


def texts_of(pattern: re.Pattern[str]) -> st.SearchStrategy[str]:
    return st.from_regex(pattern, alphabet=st.characters(codec="cp1252"))


@settings(patient, max_examples=300)
@given(st.sampled_from(KEYED).flatmap(lambda key: st.tuples(texts_of(key[0]), st.just(key[1]))))
def test_what_a_pattern_finds_holds_one_of_its_words(found: tuple[str, frozenset[str]]) -> None:
    text, words = found
    assert not words.isdisjoint(letters(text))


@patient
@given(texts_of(numbers._NUMBER))
def test_where_a_number_is_read_one_was_expected(text: str) -> None:
    read = any(numbers._NUMBER.match(text, m.start()) for m in numbers._START.finditer(text))
    assert numbers.may_count(text) or not read


@patient
@given(st.sampled_from(TIMES).flatmap(texts_of))
def test_where_a_time_is_read_one_was_expected(text: str) -> None:
    read = any(time._matched(text, m, len(text)) for m in phrases.START.finditer(text))
    assert phrases.may_tell_a_time(text) or not read

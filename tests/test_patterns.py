"""The tree of letters finds what the plain list of words finds."""

import re

from hypothesis import given
from hypothesis import strategies as st

from extractor.patterns import any_of

WORDS = st.lists(st.text("abc. ", min_size=1, max_size=4), min_size=1, max_size=8)


@given(WORDS, st.text("abc. ", max_size=20))
def test_a_tree_finds_the_longest_word_that_fits(words: list[str], text: str) -> None:
    longest = "|".join(map(re.escape, sorted(set(words), key=len, reverse=True)))
    assert re.findall(any_of(words), text) == re.findall(longest, text)

"""Zones and sentences, on the seeds and on invented pages."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.segment import segment
from schemas import Zone

SEEDS = Path(__file__).parent.parent / "seeds"

# Invented for these tests.
PAGE = """Mayor opens bridge after two-year delay

Crowds line both banks as first tram crosses

By Ada Renn
Friday 7 March 2025
A tram crosses the new bridge in Port Ansel. (Photo: Lio Marr/Port Wire)

The mayor, Brig. Gen. Otto Lund (ret.), opened the bridge on Friday. It cost $2.4 million.

Why it took so long

“We waited. We are glad,” he said.

Sign up for our newsletter to get the news in your inbox.

Related stories
Ferry line to close
New timetable published
"""


def zone_of(words: str) -> Zone:
    return next(s.zone for s in segment(PAGE).sentences if words in s.span.text)


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        ("Mayor opens bridge", Zone.HEADLINE),
        ("Crowds line both banks", Zone.STANDFIRST),
        ("Ada Renn", Zone.BYLINE),
        ("Friday 7 March 2025", Zone.BYLINE),
        ("A tram crosses", Zone.CAPTION),
        ("opened the bridge", Zone.BODY),
        ("Why it took so long", Zone.SUBHEADING),
        ("We waited", Zone.BODY),
        ("Sign up for", Zone.BOILERPLATE),
        ("Related stories", Zone.BOILERPLATE),
        ("Ferry line to close", Zone.BOILERPLATE),
    ],
)
def test_zones(words: str, zone: Zone) -> None:
    assert zone_of(words) is zone


def test_titles_do_not_split_sentences_and_the_date_line_is_read() -> None:
    texts = [s.span.text for s in segment(PAGE).sentences]
    assert "The mayor, Brig. Gen. Otto Lund (ret.), opened the bridge on Friday." in texts
    assert "It cost $2.4 million." in texts
    assert segment(PAGE).date == datetime(2025, 3, 7)  # noqa: DTZ001  the page names no zone


def test_the_seeds_boilerplate_and_repeated_caption() -> None:
    independent = segment((SEEDS / "independent-mosul.txt").read_text(encoding="utf-8"))
    captions = [s for s in independent.sentences if s.span.text.startswith("Iraqi special forces")]
    assert [s.can_claim for s in captions] == [True, False]
    silent = " ".join(s.span.text for s in independent.sentences if not s.can_claim)
    for words in ("Thank you for registering", "reCAPTCHA", "Please refresh", "Benjamin Kentish"):
        assert words in silent
    cnn = segment((SEEDS / "cnn-mosul.txt").read_text(encoding="utf-8"))
    assert not next(s for s in cnn.sentences if "Exit mobile" in s.span.text).can_claim
    assert any(
        s.span.text.startswith("Iraqi Ministry of Defense spokesman Brig. Gen. Tahsin")
        and s.span.text.endswith("in the east.")
        for s in cnn.sentences
    )


def test_wrapped_lines_are_one_paragraph() -> None:
    line = "the council met again on the matter of the bridge and it heard from"
    text = f"Bridge vote\n\n{line}\n{line}\n{line}\nthe mayor. Then it voted."
    bodies = [s for s in segment(text).sentences if s.zone is Zone.BODY]
    assert len(bodies) == 2


@given(st.text(max_size=400))
def test_sentences_are_slices_in_order(text: str) -> None:
    at = 0
    for sentence in segment(text).sentences:
        span = sentence.span
        assert text[span.start : span.end] == span.text
        assert span.start >= at
        at = span.end


def test_a_million_characters_in_one_line_are_cut() -> None:
    sentences = segment("word " * 40_000).sentences
    assert max(len(s.span.text) for s in sentences) <= 2_000

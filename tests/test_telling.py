"""Who says what: the seeds' traps and the patterns of newspaper English."""

from pathlib import Path

import pytest

from extractor.rules.telling import told
from extractor.segment import segment
from schemas import SourceKind

SEEDS = Path(__file__).parent.parent / "seeds"


def tellers(text: str, words: str) -> list[tuple[str, str | None]]:
    """Names and cues of the passage of ``text`` that holds ``words``."""
    document = segment(text)
    for group in told(document):
        for passage in group:
            if words in text[passage.start : passage.end]:
                return [(s.name, s.cue) for s in passage.sources]
    raise AssertionError(f"no passage holds {words!r}")


@pytest.fixture(scope="module")
def cnn() -> str:
    return (SEEDS / "cnn-mosul.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def independent() -> str:
    return (SEEDS / "independent-mosul.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("are battling ISIS militants", [("defense officials", "told")]),
        (
            "had stormed the neighborhood",
            [("Iraqi Ministry of Defense spokesman Brig. Gen. Tahsin Ibrahim", "adding")],
        ),
        ("is expected to be fought", [("Officials", "warned")]),
        ("only Iraqi forces are entering", [("commanders", "say")]),
        ("at its core an Iraqi fight", [("Prime Minister Haider al-Abadi", "claims")]),
        ("opened up a safe route", [("Ibrahim", "told")]),
        ("holding your ground", [("al-Baghdadi", "said")]),
        ("they had cut off", [("the Popular Mobilization Units (PMU)", "said")]),
        ("on buses heading out", [("Witnesses inside Mosul", "told")]),
        ("they had traveled", [("An elderly woman in a wheelchair", "said")]),
        ("didn’t sleep", [("An elderly woman in a wheelchair", "told")]),
        ("snipers on the rooftops", [("A young man with her", "said")]),
        ("would shoot at civilians", [("Another woman", "described")]),
        ("ISIS shut the damaged bridge", []),
    ],
)
def test_cnn(cnn: str, words: str, expected: list[tuple[str, str]]) -> None:
    assert tellers(cnn, words) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "vacated the scene",
            [("British Foreign Secretary Boris Johnson", "saying"), ("intelligence", "suggested")],
        ),
        ("sounds of rockets", [("One", "said")]),
        ("The house was shaking", [("One", "said")]),
        ("Milestone", [("Brett McGurk", "tweeted")]),
        ("Know that the value", [("Baghdadi", "said")]),
        ("Only Iraqi army forces", [("sources", "said")]),
        ("militants fired rockets", [("residents", "reported")]),
        ("up to 7,500 militants", []),
    ],
)
def test_independent(independent: str, words: str, expected: list[tuple[str, str]]) -> None:
    assert tellers(independent, words) == expected


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        # Invented for these tests.
        (
            "According to Petra Lind, the mill has closed.",
            "mill has closed",
            [("Petra Lind", "According to")],
        ),
        (
            "The mill has closed, according to its owner.",
            "mill has closed",
            [("its owner", "according to")],
        ),
        (
            "The mill’s owner, Petra Lind, said that it had closed.",
            "it had closed",
            [("Petra Lind", "said")],
        ),
        (
            "“It has closed,” said Dr. Petra Lind, who owns it.",
            "It has closed",
            [("Dr. Petra Lind", "said")],
        ),
        (
            "Lind, who owns the mill, said on Monday that it had closed.",
            "it had closed",
            [("Lind", "said")],
        ),
        ("She declined to say that it had closed.", "it had closed", []),
        (
            "Lind said that her foreman, Per Holm, had told her that black rats came.",
            "black rats came",
            [("Lind", "said"), ("Per Holm", "told")],
        ),
        ("The firm reported a loss of £21m for last season.", "a loss", []),
        (
            "Two people with knowledge of the talks, who asked not to be named, said it was over.",
            "it was over",
            [("Two people with knowledge of the talks", "said")],
        ),
    ],
)
def test_patterns(text: str, words: str, expected: list[tuple[str, str]]) -> None:
    assert tellers(f"Mill news\n\n{text}", words) == expected


def test_kinds_of_tellers(independent: str) -> None:
    kinds = {
        s.name: s.kind for group in told(segment(independent)) for p in group for s in p.sources
    }
    assert kinds["intelligence"] is SourceKind.INTELLIGENCE
    assert kinds["One"] is SourceKind.WITNESS_UNNAMED
    assert kinds["British Foreign Secretary Boris Johnson"] is SourceKind.NAMED_PERSON
    assert kinds["sources"] is SourceKind.UNSPECIFIED


def test_a_speech_act_tells_its_own_clause_alone(independent: str) -> None:
    passage = next(
        p
        for g in told(segment(independent))
        for p in g
        if "unleash" in independent[p.start : p.end]
    )
    assert passage.act is not None
    assert independent[passage.act :].startswith("urged")


def test_whom_somebody_quotes_does_not_go_on_speaking() -> None:
    text = (
        "Ada Finch said Mary Holt had told her that the dam had cracked. "
        "“We have no water in the valley now,” she said."
    )
    assert tellers(f"Mill news\n\n{text}", "We have no water") == [("Ada Finch", "said")]

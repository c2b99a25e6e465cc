"""What a way of asking must bring: a window's size, its question, and how its answer is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from extractor.candidates import Candidate
from extractor.model import Message, Question
from extractor.segment import Document, Sentence
from extractor.window import Window
from prompts import Prompt
from schemas import Article, Rejected


@dataclass(frozen=True)
class Judged:
    """What became of the items of one answer."""

    candidates: tuple[Candidate, ...]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True)
class Style:
    """``size`` is a window's length in characters.

    ``is_open(document, window)`` says whether a model is asked about a window at all;
    ``prefix(prompt)`` gives the messages that every question begins with;
    ``question(prompt, article, document, window, strict)`` renders what is asked;
    ``judge(document, window, items)`` grounds what comes back, item by item;
    ``again(prompt, asked, missed)`` asks once more about sentences that no claim rests on, and is
    ``None`` where that makes no sense.
    """

    size: int
    is_open: Callable[[Document, Window], bool]
    prefix: Callable[[Prompt], tuple[Message, ...]]
    question: Callable[[Prompt, Article, Document, Window, bool], Question]
    judge: Callable[[Document, Window, list[JsonValue]], Judged]
    again: Callable[[Prompt, Question, Sequence[Sentence]], Question] | None = None

"""What the embedded model pointed at when it was recorded, and a walk that needs no model.

A lever that is taken away may change what the model would have been asked, and so find no
recorded answer. Here answers are kept by the sentence that they were given for, and hold whatever
becomes of it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from unittest.mock import patch

from pydantic import JsonValue

from evals.dataset import Case
from evals.evaluate import Options, run_trials
from evals.run import settings_for
from extractor import Article, Extraction, Settings
from extractor.ask import STYLES, Judged
from extractor.ask.clauses import judge
from extractor.core import kit_for, walk
from extractor.model import Model
from extractor.rules.telling import told
from extractor.segment import Document, segment
from extractor.syntax import parse
from extractor.window import Window, windows
from prompts import CLAUSES, load_prompt

Judge = Callable[[Document, Window, list[JsonValue]], Judged]
Pointers = Mapping[tuple[str, int], list[JsonValue]]  # by the text and where its sentence begins


def recorded(cases: Sequence[Case]) -> Pointers:
    """The pointers in the recordings of ``cases``, read by the real client from the wire.

    Raises:
        LookupError: a recording is missing or stale.
    """
    heard: dict[tuple[str, int], list[JsonValue]] = {}

    def listening(document: Document, window: Window, items: list[JsonValue]) -> Judged:
        heard[document.text, window.start] = items
        return judge(document, window, items)

    with patch.dict(STYLES, {CLAUSES: replace(STYLES[CLAUSES], judge=listening)}):
        gathered = run_trials(Options(), settings_for("local", replay=True), cases)
    if gathered.missing:
        raise LookupError(f"Record again, nothing fits for {', '.join(gathered.missing)}.")
    return heard


def everything(cases: Sequence[Case]) -> Pointers:
    """Pointers at every clause that does not stand by its form and that a reader could admit."""
    return {
        (case.article.text, window.start): _open_clauses(document, window)
        for case in cases
        for document in [segment(case.article.text)]
        for window in windows(document, STYLES[CLAUSES].size)
    }


def _open_clauses(document: Document, window: Window) -> list[JsonValue]:
    passages = [p for s in window.sentences for p in told(document)[s.number - 1]]
    texts = [document.text[p.start : p.end] for p in passages]
    return [
        [text[slice(*c.subject)], text[slice(*c.verb)]]
        for text in texts
        for c in parse(text)
        if not c.stands
    ]


def walked(article: Article, pointers: Pointers, judge: Judge = judge) -> Extraction:
    """The walk of ``article`` as if the model had given ``pointers``, which ``judge`` reads."""

    def pointed(document: Document, window: Window, items: list[JsonValue]) -> Judged:
        given = pointers.get((document.text, window.start), items)
        return judge(document, window, given)

    style = replace(STYLES[CLAUSES], is_open=_never, judge=pointed)
    kit = kit_for(Settings(), Model("none", _unasked, _close), load_prompt(CLAUSES), 1)
    return asyncio.run(walk(article, replace(kit, style=style)))


def _never(*_: object) -> bool:
    return False


async def _unasked(*_: object) -> list[JsonValue]:
    raise AssertionError("no window is open")


async def _close() -> None:
    return None

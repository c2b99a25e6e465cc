"""Asking a model about the windows of one article, and once more about what it passed over."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from extractor.ask import Judged, Style
from extractor.candidates import Candidate
from extractor.errors import ModelError, ModelUnavailable
from extractor.faults import Truncated
from extractor.model import Meter, Model, Question, Stopped
from extractor.outcome import Failure
from extractor.segment import Document, Sentence
from extractor.settings import Settings
from extractor.window import Window, halves
from prompts import Prompt
from schemas import Article, Rejected

Tell = Callable[[Judged], None]
NOTHING = Judged((), ())


@dataclass(frozen=True)
class Kit:
    """What a walk works with; the same for every article."""

    settings: Settings
    model: Model
    prompt: Prompt
    style: Style
    articles: asyncio.Semaphore  # an article's clock starts when it gets one of these
    turns: asyncio.Semaphore
    seconds: float  # for one article; infinite where each call has its own limit instead


@dataclass
class Findings:
    """What the windows have brought so far.

    ``answers`` are the questions that a model answered, ``settled`` counts windows that none was
    asked about. ``failures`` got no answer; ``unasked`` got one, but none to a second question.
    """

    candidates: list[Candidate] = field(default_factory=list[Candidate])
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    failures: list[Failure] = field(default_factory=list[Failure])
    unasked: list[Failure] = field(default_factory=list[Failure])
    answers: dict[Window, Question] = field(default_factory=dict[Window, Question])
    settled: int = 0
    stopped: Stopped | None = None

    def take(self, judged: Judged) -> Judged:
        """Keep what one answer brought."""
        self.candidates += judged.candidates
        self.rejected += judged.rejected
        return judged


@dataclass(frozen=True)
class Inquiry:
    """One article's turn: what is asked about, with what, until when, and what came of it.

    ``deadline`` is on the monotonic clock, in seconds.
    """

    article: Article
    document: Document
    kit: Kit
    meter: Meter
    findings: Findings
    deadline: float


async def ask_all(inquiry: Inquiry, asked: Sequence[Window], tell: Tell) -> None:
    """Ask about every window; then, where settings want it, about sentences without a claim.

    ``tell`` is called with what each answer brought. Failures are noted in the findings; one of
    the second questions takes nothing away from what the first brought.

    Raises:
        ConfigError: the endpoint takes no call at all.
    """
    findings, kit = inquiry.findings, inquiry.kit
    ended = await _each(inquiry, asked, _ask, tell)
    if ended and not findings.answers and not isinstance(ended[0].error, ModelError):
        raise ended[0].error
    findings.failures += ended
    if kit.settings.second_pass and kit.style.again and not ended:
        again = [window for window in findings.answers if _missed(findings, window)]
        for left in await _each(inquiry, again, _ask_again, tell):
            findings.unasked.append(_unasked(findings, left.window, left.error))


async def _each(
    inquiry: Inquiry,
    windows: Sequence[Window],
    step: Callable[[Inquiry, Window], Coroutine[Any, Any, Judged]],
    tell: Tell,
) -> list[Failure]:
    """Take ``step`` for all windows at once; those that the end of all left undone, and why."""
    left = dict.fromkeys(windows)

    async def one(window: Window) -> None:
        judged = await step(inquiry, window)
        del left[window]
        tell(judged)

    try:
        async with asyncio.timeout(inquiry.deadline - time.monotonic()):
            await _together([one(window) for window in windows])
    except TimeoutError:
        error: Exception = ModelUnavailable(f"The deadline of {inquiry.kit.seconds:g} s was over.")
    except Stopped as stopped:
        error = stopped.error
    else:
        return []
    return [Failure(window, error) for window in left]


async def _together(steps: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run all steps at once; the first that fails cancels the others and is raised itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _ask(inquiry: Inquiry, window: Window) -> Judged:
    """Ask one window, in halves where it does not fit; failures are noted, not raised."""
    kit, findings = inquiry.kit, inquiry.findings
    question = kit.style.question(
        kit.prompt, inquiry.article, inquiry.document, window, kit.settings.strict
    )
    try:
        items = await _answered(inquiry, question)
    except Truncated as error:
        if parts := halves(window):
            return _joined([await _ask(inquiry, part) for part in parts])
        findings.failures.append(Failure(window, error))
        return NOTHING
    except ModelError as error:
        findings.failures.append(Failure(window, error))
        return NOTHING
    findings.answers[window] = question
    return findings.take(kit.style.judge(inquiry.document, window, items))


async def _ask_again(inquiry: Inquiry, window: Window) -> Judged:
    """Ask once more about the sentences of an answered window that no claim rests on."""
    kit, findings = inquiry.kit, inquiry.findings
    assert kit.style.again
    missed = _missed(findings, window)
    question = kit.style.again(kit.prompt, findings.answers[window], missed)
    try:
        items = await _answered(inquiry, question)
    except ModelError as error:
        findings.unasked.append(_unasked(findings, window, error))
        return NOTHING
    return findings.take(kit.style.judge(inquiry.document, window, items))


def _missed(findings: Findings, window: Window) -> tuple[Sentence, ...]:
    """The sentences of ``window`` that no claim rests on so far."""
    rested_on = {s.number for candidate in findings.candidates for s in candidate.sentences}
    return tuple(s for s in window.sentences if s.number not in rested_on)


def _unasked(findings: Findings, window: Window, error: Exception) -> Failure:
    return Failure(Window(_missed(findings, window)), error)


async def _answered(inquiry: Inquiry, question: Question) -> list[JsonValue]:
    """The items that a model answers ``question`` with, in its turn."""
    kit, findings = inquiry.kit, inquiry.findings
    async with kit.turns:
        if findings.stopped:  # while this question waited for its turn
            raise findings.stopped
        try:
            return await kit.model.ask(question, inquiry.meter, inquiry.deadline)
        except Stopped as stopped:
            findings.stopped = stopped
            raise


def _joined(judged: Sequence[Judged]) -> Judged:
    return Judged(
        tuple(c for j in judged for c in j.candidates),
        tuple(r for j in judged for r in j.rejected),
    )

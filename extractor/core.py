"""The walk of one article: segment, ask, ground, fill, report."""

import asyncio
import hashlib
import math
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from extractor.ask import STYLES, Judged, Style
from extractor.assemble import assemble
from extractor.candidates import Candidate
from extractor.errors import ArticleError, ModelError, ModelUnavailable
from extractor.faults import Truncated
from extractor.model import Meter, Model, Stopped
from extractor.outcome import Failure, coverage, status_of
from extractor.prices import price_of, priced
from extractor.record import article_record, provenance
from extractor.segment import Document, segment
from extractor.settings import Settings
from extractor.text import UNWANTED
from extractor.window import Window, halves, windows
from prompts import Prompt
from schemas import Article, Claim, Extraction, Rejected

CHARACTER_LIMIT = 200_000


@dataclass(frozen=True)
class Progress:
    """After each window: how many of how many are done, and the claims it brought."""

    done: int
    total: int
    claims: tuple[Claim, ...]


Report = Callable[[Progress], None]


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

    ``answered`` counts windows that a model answered for, ``settled`` those that none was asked.
    """

    candidates: list[Candidate] = field(default_factory=list[Candidate])
    rejected: list[Rejected] = field(default_factory=list[Rejected])
    failures: list[Failure] = field(default_factory=list[Failure])
    answered: int = 0
    settled: int = 0
    stopped: Stopped | None = None


async def walk(article: Article, kit: Kit, report: Report | None = None) -> Extraction:
    """Extract the claims of one article.

    Raises:
        ArticleError: the text cannot be read as an article; nothing was sent.
        ConfigError: the endpoint takes no call at all (key, model name, address).
    """
    document = segment(checked(article).text, article.language)
    dated = article.published_at or document.date
    sha256 = hashlib.sha256(article.text.encode()).hexdigest()
    findings = Findings()
    everything = list(windows(document, kit.style.size))
    asked = [w for w in everything if kit.style.is_open(document, w)]
    settled = [w for w in everything if w not in asked]

    def claims(candidates: list[Candidate]) -> tuple[Claim, ...]:
        return assemble(article.text, sha256, candidates, dated)

    def tell(judged: Judged) -> None:
        if report:
            done = findings.settled + findings.answered + len(findings.failures)
            report(Progress(done, len(everything), claims(list(judged.candidates))))

    for window in settled:
        findings.settled += 1
        tell(_taken(findings, kit.style.judge(document, window, [])))
    async with kit.articles:
        meter = Meter()
        await _ask_all(article, document, asked, kit, meter, findings, tell)
    found = claims(findings.candidates)
    return Extraction(
        status=status_of(findings.failures, findings.answered + findings.settled),
        article=article_record(article, sha256, document),
        claims=found,
        rejected=tuple(findings.rejected),
        coverage=coverage(document, found, findings.failures),
        usage=priced(meter.total(), price_of(kit.settings)),
        provenance=provenance(kit.model.name, kit.prompt, kit.settings.is_embedded),
    )


def checked(article: Article) -> Article:
    """The article if it can be read.

    Raises:
        ArticleError: no text, too much of it, or bytes that are no text.
    """
    text = article.text
    if not text.strip():
        raise ArticleError("The article has no text.")
    if len(text) > CHARACTER_LIMIT:
        raise ArticleError(
            f"The article has {len(text):,} characters; at most {CHARACTER_LIMIT:,} are read. "
            "Split it, or give the article alone."
        )
    if found := UNWANTED.search(text):
        code = f"U+{ord(found.group()):04X}"
        raise ArticleError(
            f"The text holds a control character ({code} at offset {found.start()}): it is a "
            "binary file, or was decoded with the wrong encoding."
        )
    return article


async def _ask_all(
    article: Article,
    document: Document,
    asked: list[Window],
    kit: Kit,
    meter: Meter,
    findings: Findings,
    tell: Callable[[Judged], None],
) -> None:
    deadline = time.monotonic() + kit.seconds
    open_windows = set(asked)

    async def one(window: Window) -> None:
        judged = await _ask(article, document, window, kit, meter, findings, deadline)
        open_windows.discard(window)
        tell(judged)

    try:
        async with asyncio.timeout(kit.seconds):
            await _together([one(window) for window in asked])
        return
    except TimeoutError:
        error: Exception = ModelUnavailable(f"The deadline of {kit.seconds:g} s was over.")
    except Stopped as stopped:
        error = stopped.error
    if not findings.answered and not isinstance(error, ModelError):
        raise error
    left = sorted(open_windows, key=lambda w: w.start)
    findings.failures += [Failure(window, error) for window in left]


async def _together(steps: list[Coroutine[Any, Any, None]]) -> None:
    """Run all steps at once; the first that fails cancels the others and is raised itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _ask(
    article: Article,
    document: Document,
    window: Window,
    kit: Kit,
    meter: Meter,
    findings: Findings,
    deadline: float,
) -> Judged:
    """Ask one window, in halves where it does not fit; failures are noted, not raised."""
    question = kit.style.question(kit.prompt, article, document, window, kit.settings.strict)
    try:
        async with kit.turns:
            if findings.stopped:  # while this window waited for its turn
                raise findings.stopped
            items = await kit.model.ask(question, meter, deadline)
    except Stopped as stopped:
        findings.stopped = stopped
        raise
    except Truncated as error:
        parts = halves(window)
        if not parts:
            return _failed(findings, window, error)
        judged = [await _ask(article, document, w, kit, meter, findings, deadline) for w in parts]
        return Judged(
            tuple(c for j in judged for c in j.candidates),
            tuple(r for j in judged for r in j.rejected),
        )
    except ModelError as error:
        return _failed(findings, window, error)
    findings.answered += 1
    return _taken(findings, kit.style.judge(document, window, items))


def _taken(findings: Findings, judged: Judged) -> Judged:
    findings.candidates += judged.candidates
    findings.rejected += judged.rejected
    return judged


def _failed(findings: Findings, window: Window, error: Exception) -> Judged:
    findings.failures.append(Failure(window, error))
    return Judged((), ())


def kit_for(
    settings: Settings, model: Model, prompt: Prompt, turns: int, paced: bool = False
) -> Kit:
    """The kit of one extractor; the prompt's family decides how it is asked.

    ``paced``: a call may wait for its turn for as long as it takes, and an article for its calls.
    """
    articles = asyncio.Semaphore(1 if settings.is_embedded else turns)
    style, calls = STYLES[prompt.name], asyncio.Semaphore(turns)
    seconds = math.inf if paced else settings.seconds
    return Kit(settings, model, prompt, style, articles, calls, seconds)

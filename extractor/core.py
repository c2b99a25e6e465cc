"""The walk of one article: segment, ask, ground, fill, report."""

import asyncio
import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from extractor.ask import STYLES, Judged
from extractor.asking import Findings, Inquiry, Kit, ask_all
from extractor.assemble import assemble
from extractor.candidates import Candidate
from extractor.errors import ArticleError
from extractor.model import Meter, Model
from extractor.outcome import coverage, status_of
from extractor.prices import price_of, priced
from extractor.record import article_record, provenance
from extractor.refusal import storable
from extractor.segment import segment
from extractor.settings import Settings
from extractor.text import UNWANTED
from extractor.window import windows
from prompts import Prompt
from schemas import Article, Claim, Extraction

CHARACTER_LIMIT = 200_000


@dataclass(frozen=True)
class Progress:
    """After each window: how many of how many are done, and the claims it brought."""

    done: int
    total: int
    claims: tuple[Claim, ...]


Report = Callable[[Progress], None]


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
            done = findings.settled + len(findings.answers) + len(findings.failures)
            report(Progress(done, len(everything), claims(list(judged.candidates))))

    for window in settled:
        findings.settled += 1
        tell(findings.take(kit.style.judge(document, window, [])))
    async with kit.articles:
        inquiry = Inquiry(article, document, kit, Meter(), findings, time.monotonic() + kit.seconds)
        await ask_all(inquiry, asked, tell)
    found = claims(findings.candidates)
    return Extraction(
        status=status_of(findings.failures, len(findings.answers) + findings.settled),
        article=article_record(article, sha256, document),
        claims=found,
        rejected=tuple(storable(r, article.text) for r in findings.rejected),
        coverage=coverage(document, found, findings.failures, findings.unasked),
        usage=priced(inquiry.meter.total(), price_of(kit.settings)),
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

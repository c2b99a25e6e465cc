"""Running an extractor over cases. The only module here that calls the extractor."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock

from evals.dataset import Case
from evals.score import CaseScore, score_case
from evals.traits import Region
from evals.upstream import Reply, endpoint
from extractor import ConfigError, Extractor, ExtractorError, Settings, settings_from_env
from extractor.segment import segment
from prompts import CLAIMS, CLAUSES
from schemas import Article, Extraction, Status

Extract = Callable[[Article], Extraction]

REPLAY_KEY = "replay"
PATIENCE = 3600.0  # seconds for one article: what is scored is the answer, not the machine
GOOD = (Status.OK, Status.PARTIAL)


@dataclass(frozen=True)
class CaseRun:
    """What an extractor made of one case: an extraction, or the error that it ended with."""

    case: Case
    extraction: Extraction | None
    error: str | None
    seconds: float

    @property
    def failed(self) -> bool:
        """True if there is nothing to score: an error, or an extraction that is none."""
        return self.extraction is None or self.extraction.status not in GOOD


@dataclass
class Budget:
    """US dollars that a run may cost, and what it has cost so far; None: no limit."""

    limit: float | None = None
    spent: float = 0.0

    def is_spent(self) -> bool:
        """True once the limit is reached."""
        return self.limit is not None and self.spent >= self.limit


def run_cases(
    cases: Sequence[Case], extract: Extract, concurrency: int = 1, budget: Budget | None = None
) -> list[CaseRun]:
    """Every case through ``extract``, in order; the article's id is the case's.

    An ``ExtractorError`` ends its case alone; anything else is a bug and is raised.
    """
    run = partial(_run_case, extract=extract, budget=budget or Budget(), lock=Lock())
    with ThreadPoolExecutor(max(1, concurrency)) as pool:
        return list(pool.map(run, cases))


def _run_case(case: Case, extract: Extract, budget: Budget, lock: Lock) -> CaseRun:
    if budget.is_spent():
        return CaseRun(case, None, "not run: the cost limit was reached", 0.0)
    started = time.monotonic()
    try:
        extraction = extract(case.article)
    except ExtractorError as error:
        return CaseRun(case, None, f"{type(error).__name__}: {error}", time.monotonic() - started)
    with lock:
        budget.spent += extraction.usage.cost_usd or 0.0
    error = None if extraction.status in GOOD else f"ended {extraction.status}"
    return CaseRun(case, extraction, error, time.monotonic() - started)


def score_run(run: CaseRun) -> CaseScore:
    """The score of one case; a failed one found nothing."""
    return score_case(run.case, run.extraction.claims if run.extraction else ())


def segmented(article: Article) -> tuple[Region, ...]:
    """Zones as the extractor sees them, but a line that stands twice is in the same zone twice.

    The extractor silences the second; for a scorer it is as good a place as the first.
    """
    sentences = segment(article.text, article.language).sentences
    first = {s.span.text: s.zone for s in reversed(sentences)}
    return tuple((s.span.start, s.span.end, first[s.span.text]) for s in sentences)


def settings_for(model: str, replay: bool) -> Settings:
    """Settings of the model under test; replay needs no key.

    Raises:
        ConfigError: a setting cannot be used.
    """
    return settings_from_env(model=model, api_key=REPLAY_KEY if replay else None, deadline=PATIENCE)


def live(settings: Settings) -> Extractor:
    """The extractor with its model behind it; close it after use.

    Raises:
        ConfigError: a setting cannot be used.
    """
    return Extractor(settings)


def on_tape(settings: Settings, url: Callable[[str], str]) -> Extract:
    """Extraction through recordings: ``url`` gives the base URL for a case."""

    def extract(article: Article) -> Extraction:
        with Extractor(
            model=wire_name(settings),
            base_url=url(article.id or ""),
            api_key=REPLAY_KEY,
            deadline=PATIENCE,
            strict=settings.strict,
            prompt=settings.prompt or (CLAUSES if settings.is_embedded else CLAIMS),
            second_pass=settings.second_pass,
        ) as extractor:
            return extractor.extract(article)

    return extract


def wire_name(settings: Settings) -> str:
    """The model's name as its endpoint knows it."""
    if not settings.is_embedded:
        return settings.model
    from extractor.settings import LOCAL
    from extractor.weights import NAME

    return NAME if settings.model == LOCAL else Path(settings.model).stem


def upstream(settings: Settings) -> Callable[[bytes], Reply]:
    """What answers while recording: the hosted endpoint, or the embedded model's server.

    Raises:
        ConfigError: the endpoint cannot be had.
    """
    if settings.is_embedded:
        from extractor.local import local_server

        server = local_server(settings.model)
        return endpoint(server.base_url, server.api_key)
    if not settings.base_url:
        raise ConfigError("Recording a hosted model needs OPENAI_BASE_URL or OPENAI_API_KEY.")
    return endpoint(settings.base_url, settings.api_key or "none")

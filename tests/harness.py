"""Plays a script to the real extractor, client and parser included, and says how it ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from unittest.mock import patch

import replies
from scripted import Scripted, Step

from extractor import Extractor, ExtractorError, llm, raise_for_status
from extractor.ask import STYLES
from extractor.settings import Settings
from prompts import CLAIMS
from schemas import Article, Extraction


@dataclass(frozen=True)
class Played:
    """How it ended: an extraction or a documented error; and what the server saw."""

    extraction: Extraction | None
    error: ExtractorError | None
    server: Scripted

    @property
    def calls(self) -> int:
        return len(self.server.requests)

    @property
    def ending(self) -> str:
        """The status, or the error's name."""
        return self.extraction.status.value if self.extraction else type(self.error).__name__

    @property
    def result(self) -> Extraction:
        assert self.extraction, self.error
        return self.extraction

    def raise_error(self) -> None:
        """Raise what a caller would meet, who checks the status as well."""
        if self.error:
            raise self.error
        raise_for_status(self.result)


def extractor_at(
    server: Scripted, deadline: float = 20, concurrency: int = 8, **more: bool
) -> Extractor:
    where = ("gpt-test", server.url, replies.KEY, deadline)
    return Extractor(Settings(*where, concurrency=concurrency, **more))


def play(
    *script: Step,
    article: Article = replies.ARTICLE,
    deadline: float = 20,
    concurrency: int = 8,
    **more: bool,
) -> Played:
    """One article against ``script``, without waiting between attempts; ``more`` are settings."""
    with (
        patch.object(llm, "FIRST_WAIT", 0.001),
        Scripted(*script) as server,
        extractor_at(server, deadline, concurrency, **more) as extractor,
    ):
        try:
            return Played(extractor.extract(article), None, server)
        except ExtractorError as error:
            return Played(None, error, server)


@contextmanager
def small_windows() -> Iterator[None]:
    """A window for each sentence."""
    with patch.dict(STYLES, {CLAIMS: replace(STYLES[CLAIMS], size=1)}):
        yield

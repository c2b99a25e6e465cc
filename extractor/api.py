"""The function call per article, blocking or awaited, on one event loop of its own."""

import asyncio
import atexit
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from functools import lru_cache
from types import TracebackType
from typing import Any, Self, TypeVar

from extractor.ask import STYLES
from extractor.core import Kit, Report, checked, kit_for, walk
from extractor.errors import ConfigError, ModelUnavailable
from extractor.model import Model
from extractor.pacing import Pacer
from extractor.settings import Settings, settings_from_env
from prompts import CLAIMS, CLAUSES, Prompt, load_prompt
from schemas import Article, Extraction

T = TypeVar("T")


class Extractor:
    """A configured extractor, to be reused for many articles and from many threads.

    Building one reads the settings; the first article connects and, for the embedded model, loads
    it (a few seconds). All calls share one event loop in a thread of its own, so that connections
    are reused whether the caller blocks or awaits.

    With a ``pacer``, made for this extractor alone, calls wait for their turn by the provider's
    limits. An article then has no deadline: each of its calls has, from its turn on.

    Raises:
        ConfigError: a setting cannot be used.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        model: str | None = None,
        base_url: str | None = None,
        api_key: str | None = None,
        deadline: float | None = None,
        strict: bool | None = None,
        prompt: str | None = None,
        second_pass: bool | None = None,
        pacer: Pacer | None = None,
    ) -> None:
        self.settings = settings or settings_from_env(
            model=model,
            base_url=base_url,
            api_key=api_key,
            deadline=deadline,
            strict=strict,
            prompt=prompt,
            second_pass=second_pass,
        )
        self._prompt = prompt_of(self.settings)
        self._pacer = pacer
        self._kit: Kit | None = None
        self._starting = asyncio.Lock()
        self._loop = asyncio.new_event_loop()
        # A daemon, so that a program that forgets to close still ends.
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="extractor", daemon=True
        )
        self._thread.start()
        _open.add(self)

    @property
    def is_running(self) -> bool:
        """Whether its event loop is there to take articles."""
        return self._thread.is_alive()

    def extract(self, article: Article, report: Report | None = None) -> Extraction:
        """Extract the claims of ``article``; blocks until done or until the deadline.

        ``report`` is called after each window, on the extractor's thread.

        Raises:
            ArticleError: this text cannot be read as an article.
            ConfigError: settings, key or installation must be mended first.
        """
        future = self._begin(self._walk(article, report))
        try:
            return future.result()
        except CancelledError:
            raise ModelUnavailable(
                "The extractor was closed before the article was done."
            ) from None
        except BaseException:
            future.cancel()  # Ctrl-C in the caller's thread must end the calls under way
            raise

    async def aextract(self, article: Article, report: Report | None = None) -> Extraction:
        """As ``extract``, awaited: run as many at once as you like, the extractor paces them.

        Cancelling the awaiting task cancels the calls it has under way.
        """
        return await asyncio.wrap_future(self._begin(self._walk(article, report)))

    def close(self) -> None:
        """End the calls under way, then the event loop. An embedded model stays loaded."""
        _open.discard(self)
        if self._loop.is_closed():
            return
        self._begin(self._end()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _begin(self, step: Coroutine[Any, Any, T]) -> Future[T]:
        if self._loop.is_closed():
            step.close()
            raise ConfigError("This extractor is closed: make a new one.")
        return asyncio.run_coroutine_threadsafe(step, self._loop)

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._kit:
            await self._kit.model.close()

    async def _walk(self, article: Article, report: Report | None) -> Extraction:
        checked(article)  # before a model is loaded for nothing
        async with self._starting:
            self._kit = self._kit or await self._connected()
        return await walk(article, self._kit, report)

    async def _connected(self) -> Kit:
        model = await asyncio.to_thread(connected, self.settings, self._prompt, self._pacer)
        turns, paced = self.settings.concurrency, self._pacer is not None
        return kit_for(self.settings, model, self._prompt, turns, paced)


_open: set[Extractor] = set()  # those that nobody has closed yet


@atexit.register
def _close_all() -> None:
    """A program that forgets to close leaves no open connection behind, and no complaint of it."""
    for forgotten in tuple(_open):
        if forgotten.is_running:  # not in a fork, where threads have ended
            forgotten.close()


def prompt_of(settings: Settings) -> Prompt:
    """The prompt that ``settings`` name, else the one for their kind of model.

    Raises:
        ConfigError: there is no such prompt.
    """
    name = settings.prompt or (CLAUSES if settings.is_embedded else CLAIMS)
    if name not in STYLES:
        raise ConfigError(f"There is no prompt {name!r}: choose one of {', '.join(STYLES)}.")
    return load_prompt(name)


def connected(settings: Settings, prompt: Prompt, pacer: Pacer | None = None) -> Model:
    """The model that ``settings`` name, ready. Imports the SDKs, which takes a second or two."""
    from extractor.llm import connect

    if settings.is_embedded:
        from extractor.local import local_server
        from extractor.priming import prime

        server = local_server(settings.model)
        prime(server, STYLES[prompt.name].prefix(prompt))
        return connect(server.model, server.base_url, server.api_key, settings.seconds, pacer)
    assert settings.base_url is not None
    return connect(settings.model, settings.base_url, settings.api_key, settings.seconds, pacer)


@lru_cache(maxsize=4)
def _shared(settings: Settings) -> Extractor:
    return Extractor(settings)


def extract(article: Article) -> Extraction:
    """Extract the claims of one article with the model that the environment names.

    Without ``EXTRACTOR_MODEL`` that is the embedded one: nothing leaves the machine.

    >>> from extractor import Article, extract
    >>> extract(Article(text="Thank you for registering")).status.value
    'ok'

    Raises:
        ArticleError: this text cannot be read as an article.
        ConfigError: settings, key or installation must be mended first.
    """
    return _shared(settings_from_env()).extract(article)


async def aextract(article: Article) -> Extraction:
    """As ``extract``, awaited; see ``Extractor.aextract``."""
    return await _shared(settings_from_env()).aextract(article)

"""What the commands do with files: one after the other, and none costs another its result."""

import hashlib
import io
import os
import re
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from rich.console import Console, RenderableType

from extractor.api import Extractor
from extractor.doctor import host
from extractor.errors import ArticleError, ConfigError, ModelError
from extractor.exits import Exit, complain
from extractor.progress import watched
from extractor.reading import STDIN, read_article
from extractor.settings import Settings
from extractor.table import counted, heading_of, listing, summary
from extractor.verify import read_results, verify
from schemas import Article, Claim, Extraction, Status

T = TypeVar("T")
Keep = Callable[[Extraction], None]


@dataclass(frozen=True)
class Batch:
    """What the ``extract`` command was asked: files, their date, and where results go."""

    files: tuple[str, ...]
    published_at: datetime | None = None
    as_json: bool = False
    out: Path | None = None


def run(batch: Batch, settings: Settings) -> Exit:
    """Extract every file of ``batch``; the highest exit code of them all.

    Raises:
        ConfigError: the model takes no call at all, or the output file cannot be written.
        BrokenPipeError: standard output is read no more.
    """
    worst = Exit.OK
    if settings.base_url:
        complain(f"the text is sent to {host(settings.base_url)} ({settings.model})")
    with _kept(batch) as keep, Extractor(settings) as extractor:
        for file in batch.files:
            worst = max(worst, _one(extractor, batch, file, keep))
    return worst


def _one(extractor: Extractor, batch: Batch, file: str, keep: Keep) -> Exit:
    try:
        article = read_article(file, published_at=batch.published_at)
        result = (_printed_json if batch.as_json else _listed)(extractor, file, article)
    except ArticleError as error:
        complain(f"{file}: {error}")
        return Exit.UNREADABLE
    except ModelError as error:
        complain(f"{file}: {error}")
        return Exit.INCOMPLETE
    except (ConfigError, OSError):  # every other file would fail the same way
        raise
    except Exception as error:  # a bug met by one article must not cost the others theirs
        complain(f"{file}: this should not happen ({type(error).__name__}): please report it.")
        return Exit.INCOMPLETE
    keep(result)
    if result.coverage.failed:
        complain(f"{file}: {_failure(result)}")
    return Exit.OK if result.status is Status.OK else Exit.INCOMPLETE


def _failure(result: Extraction) -> str:
    failed = result.coverage.failed
    reasons = " ".join(list(dict.fromkeys(window.reason for window in failed))[:2])
    return f"{result.status.value}, {counted(len(failed), 'part')} without an answer: {reasons}"


def _printed_json(extractor: Extractor, file: str, article: Article) -> Extraction:
    with watched(file, lambda _: None) as report:
        result = extractor.extract(article, report)
    sys.stdout.buffer.write(_line(result))
    sys.stdout.buffer.flush()
    return result


def _listed(extractor: Extractor, file: str, article: Article) -> Extraction:
    """Claims are printed as they are found; what two parts of the article both say, once."""
    seen: set[object] = set()

    def show(claims: tuple[Claim, ...]) -> None:
        new = [claim for claim in claims if _content(claim) not in seen]
        seen.update(map(_content, new))
        if new:
            _print(listing(new))

    _print(heading_of(article))
    with watched(file, show) as report:
        result = extractor.extract(article, report)
    show(result.claims)
    _print("", summary(result), "")
    return result


def _content(claim: Claim) -> object:
    tellers = tuple(source.name.lower() for source in claim.sources)
    return claim.statement.lower().rstrip("."), tellers, claim.negated


def _print(*renderables: RenderableType) -> None:
    """To standard output by its own write, so that a closed pipe is an error to handle.

    ANSI codes are there on a terminal only; a character that it cannot show becomes "?".
    """
    console = Console(highlight=False, markup=False)
    with console.capture() as captured:
        for renderable in renderables:
            console.print(renderable)
    shown = re.sub(r" +$", "", captured.get(), flags=re.MULTILINE)
    sys.stdout.buffer.write(shown.encode(console.encoding, "replace"))
    sys.stdout.buffer.flush()


def _line(result: Extraction) -> bytes:
    return result.model_dump_json().encode() + b"\n"


@contextmanager
def _kept(batch: Batch) -> Generator[Keep]:
    """Within, what to call with each result.

    The file is put in its place at the end, in one step, also after Ctrl-C; a run without any
    result leaves what is there.
    """
    if batch.out is None:
        yield lambda _: None
        return
    target = batch.out.resolve()
    if any(file != STDIN and Path(file).resolve() == target for file in batch.files):
        raise ConfigError("--out names one of the articles: name another file.")
    if target.exists() and not target.is_file():
        raise ConfigError(f"--out cannot replace {batch.out}: name a file.")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        file = part.open("xb")
    except OSError as error:
        raise ConfigError(f"--out cannot be written: {error.strerror}.") from None
    try:
        with file:
            yield lambda result: _append(file, result)
    finally:
        if part.stat().st_size:
            part.replace(target)
        part.unlink(missing_ok=True)


def _append(file: io.BufferedWriter, result: Extraction) -> None:
    file.write(_line(result))
    file.flush()


def verified(result: str, article: str) -> Exit:
    """Check the extractions of ``article`` in the file ``result`` and print what does not hold.

    Raises:
        ArticleError: one of the two files cannot be read.
    """
    results = _named(result, lambda: _results(result))
    given = _named(article, lambda: read_article(article))
    if len(results) > 1:  # one file may hold the results of many articles
        digest = hashlib.sha256(given.text.encode()).hexdigest()
        results = tuple(r for r in results if r.article.sha256 == digest)
    if not results:
        raise ArticleError(f"{result}: none of its results is of this article.")
    problems = [problem for each in results for problem in verify(each, given)]
    for problem in problems:
        print(problem)
    if not problems:
        print(f"{counted(sum(len(each.claims) for each in results), 'claim')} verified")
    return Exit.INCOMPLETE if problems else Exit.OK


def _results(file: str) -> tuple[Extraction, ...]:
    try:
        return read_results(Path(file).read_bytes())
    except OSError as error:
        raise ArticleError(f"It cannot be opened: {error.strerror}. Check the path.") from None


def _named(file: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except ArticleError as error:
        raise ArticleError(f"{file}: {error}") from None

"""A file of text, HTML or JSON as an ``Article``, read whole and never altered."""

import codecs
import os
import re
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from extractor.core import checked
from extractor.errors import ArticleError, ConfigError
from schemas import Article

BYTE_LIMIT = 10_000_000
STDIN = "-"
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
MARKUP = re.compile(
    r"\s*<(?:!doctype|!--|\?xml|html|head|body|meta|title|main|article|div|p|h1)\b", re.I
)
FIELDS_NAMED = 3


def read_article(
    source: str | Path | bytes,
    *,
    published_at: str | datetime | None = None,
    name: str | None = None,
) -> Article:
    """Read an article from a file, from standard input (``"-"``), or from bytes.

    The format is told by the name's ending (``.txt``, ``.json``, ``.html``, ``.htm``), else by the
    first characters. The text of a text file is the whole decoded file (UTF-8, or UTF-16 with a
    byte order mark), line ends included; of a page, its main text, without tables and comments.

    Args:
        source: path, ``"-"``, or the bytes themselves; at most 10 MB.
        published_at: wins over what the file says. ISO 8601, a date or a date with a time.
        name: the article's id where the file gives none; by default the file's own name.

    Raises:
        ArticleError: there is no such file, or it cannot be read as an article.
        ConfigError: ``published_at`` is no date.
    """
    data = source if isinstance(source, bytes) else _bytes(source)
    if len(data) > BYTE_LIMIT:
        raise ArticleError(
            f"The file is larger than {BYTE_LIMIT // 1_000_000} MB: give one article alone."
        )
    if name is None and not isinstance(source, bytes) and source != STDIN:
        name = Path(source).name
    article = READERS[_format(name, data)](data)
    given = {
        # A file's name need not be text, an id must be.
        "id": article.id or (os.fsencode(name).decode(errors="replace") if name else None),
        "published_at": published(published_at) or article.published_at,
    }
    return checked(article.model_copy(update=given))


def published(value: str | datetime | None) -> datetime | None:
    """A publication date as given by the user.

    Raises:
        ConfigError: it is no ISO 8601 date.
    """
    if value is None or isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        raise ConfigError(
            "The publication date must be an ISO date such as 2016-11-03 or 2016-11-03T09:30."
        ) from None


def standard_input() -> BinaryIO:
    """A reader of its own: no program can end while a thread of it waits in ``sys.stdin``."""
    try:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    except OSError:  # it was replaced by what is no file
        return sys.stdin.buffer


def _bytes(source: str | Path) -> bytes:
    """At most one byte more than may be read, so that the limit can be told without the rest."""
    try:
        if source == STDIN:
            return sys.stdin.buffer.read(BYTE_LIMIT + 1)
        with Path(source).open("rb") as file:
            return file.read(BYTE_LIMIT + 1)
    except OSError as error:
        raise ArticleError(f"It cannot be opened: {error.strerror}. Check the path.") from None
    except ValueError:  # a NUL in the path
        raise ArticleError("It cannot be opened: that is no path.") from None


def _format(name: str | None, data: bytes) -> str:
    """``json``, ``html`` or ``text``."""
    known = {".json": "json", ".html": "html", ".htm": "html", ".txt": "text"}
    if name and (found := known.get(Path(name).suffix.lower())):
        return found
    head = data[:2_000].decode(_encoding(data), "ignore")
    if head.lstrip().startswith("{"):
        return "json"
    return "html" if MARKUP.match(head) else "text"


def _encoding(data: bytes) -> str:
    if data.startswith(UTF16):
        return "utf-16"
    return "utf-8-sig" if data.startswith(codecs.BOM_UTF8) else "utf-8"  # the latter is faster


def _decoded(data: bytes) -> str:
    try:
        return data.decode(_encoding(data))
    except UnicodeDecodeError as error:
        raise ArticleError(
            f"The file is not {error.encoding.upper()} text (byte {error.start:,}): save it as "
            "UTF-8. A PDF or a word processor's file must be exported as text first."
        ) from None


def _from_text(data: bytes) -> Article:
    return Article(text=_decoded(data))


def _from_json(data: bytes) -> Article:
    try:
        return Article.model_validate_json(_decoded(data))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc']))[:40] or 'the file'}: {e['msg'][:120]}"
            for e in error.errors(include_input=False, include_url=False)[:FIELDS_NAMED]
        )
        raise ArticleError(
            f"The JSON is not an article ({wrong}). It needs a text; title, source, url, author, "
            "published_at, language, id and note may be given."
        ) from None


def _from_html(data: bytes) -> Article:
    from extractor.page import read_page

    return read_page(data)


READERS: dict[str, Callable[[bytes], Article]] = {
    "text": _from_text,
    "json": _from_json,
    "html": _from_html,
}

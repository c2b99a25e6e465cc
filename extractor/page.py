"""A web page's main text and what its head says about it."""

import codecs
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from extractor.errors import ArticleError
from extractor.text import clean
from schemas import Article

VISIBLE_LIMIT = 1_000_000
BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]{1,40})", re.IGNORECASE)
# Browsers read these labels so; strictly read, curly quotes would become control characters.
LATIN = frozenset({"iso8859-1", "ascii"})
PUBLISHED = re.compile(
    r"publi\w*[._:-]?(?:date|time|at|on)?$|pub-?date|(?:^|[._:])date$|date[._:-]?(?:publi\w*|issued|created)",
    re.IGNORECASE,
)
LINKED = re.compile(r"\"datePublished\"\s*:\s*\"([^\"]{8,40})\"")
VISIBLE = "//text()[not(parent::script or parent::style or parent::noscript or parent::template)]"
NOT_A_PAGE = "The file is no web page: a binary file, or one in an unknown encoding."


def read_page(data: bytes) -> Article:
    """The article of an HTML page: text, title, date, author, site and address.

    The date is only what the page's tags and linked data call its publication. A date that merely
    stands on the page, in a story or a copyright line, is not when it was published.

    Raises:
        ArticleError: the bytes are no page, or the page has no main text.
    """
    import trafilatura  # takes a second, and most files are no pages

    markup = _markup(data)
    if "\0" in markup:
        raise ArticleError(NOT_A_PAGE)
    tree = cast("Any", trafilatura.load_html(markup))
    if tree is None:
        raise _without_text()
    if sum(map(len, tree.xpath(VISIBLE))) > VISIBLE_LIMIT:
        raise ArticleError(
            f"The page shows more than {VISIBLE_LIMIT:,} characters: save the article alone."
        )
    date = _date(tree)
    page = cast(
        "Any",
        trafilatura.bare_extraction(
            tree, with_metadata=True, include_comments=False, include_tables=False
        ),
    )
    if page is None or not (page.text or "").strip():
        raise _without_text()
    return Article(
        text=page.text,
        title=clean(page.title or "") or None,
        source=clean(page.sitename or page.hostname or "") or None,
        url=clean(page.url or "") or None,
        author=clean(page.author or "") or None,
        published_at=date,
    )


def _without_text() -> ArticleError:
    return ArticleError(
        "No main text was found in the page: it may be built by scripts. Save the article's text "
        "as a .txt file instead."
    )


def _markup(data: bytes) -> str:
    """The page's characters: by its byte order mark, its own declaration, UTF-8, or Latin."""
    marked = next((name for bom, name in BOMS.items() if data.startswith(bom)), None)
    for encoding in (marked, _declared(data), "utf-8", "windows-1252"):
        if encoding:
            try:
                return data.decode(encoding)
            except UnicodeError:
                continue
    raise ArticleError(NOT_A_PAGE)


def _declared(data: bytes) -> str | None:
    match = CHARSET.search(data[:4_000])
    if not match:
        return None
    try:
        name = codecs.lookup(match.group(1).decode("ascii")).name
        b"x".decode(name)  # some codecs are not for text
    except (LookupError, UnicodeError):
        return None
    return "windows-1252" if name in LATIN else name


def _date(tree: Any) -> datetime | None:  # noqa: ANN401  lxml has no types
    """The first ISO date that meta tags, linked data or a publication's ``time`` tag give."""
    for value in _dates(tree):
        try:
            return datetime.fromisoformat(value.strip())
        except ValueError:
            continue
    return None


def _dates(tree: Any) -> Iterator[str]:  # noqa: ANN401
    for meta in tree.xpath("//meta[@content]"):
        names = (meta.get(key) for key in ("property", "name", "itemprop"))
        if any(name and PUBLISHED.search(name) for name in names):
            yield meta.get("content")
    for script in tree.xpath("//script[@type='application/ld+json']"):
        yield from LINKED.findall(script.text or "")
    yield from tree.xpath("//time[@itemprop='datePublished' or @pubdate]/@datetime")

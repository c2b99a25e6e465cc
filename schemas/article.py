"""What goes in: one news article."""

from datetime import datetime

from schemas.spans import Frozen


class Article(Frozen):
    """One article. ``text`` is never altered: every offset in a result points into it.

    ``published_at`` anchors relative dates ("Thursday"). Without it they stay unresolved, unless
    the text carries a date line of its own. ``id`` is the caller's name for the article and has no
    influence on what is extracted.
    """

    text: str
    id: str | None = None
    title: str | None = None
    source: str | None = None
    url: str | None = None
    author: str | None = None
    published_at: datetime | None = None
    language: str = "en"
    note: str | None = None

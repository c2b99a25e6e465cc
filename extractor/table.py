"""A result for people to read: each sentence of evidence with the claims that rest on it."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from extractor.text import clean
from schemas import Article, Claim, Comparator, Extraction, Quantity, Source, Time, TimeBasis

LABEL, SENTENCE, STATEMENT = "cyan", "dim", "bold"
SIGNS = {
    Comparator.ABOUT: "≈ ",
    Comparator.AT_MOST: "≤ ",
    Comparator.AT_LEAST: "≥ ",
    Comparator.MORE_THAN: "> ",
    Comparator.LESS_THAN: "< ",
}


def rendered(extraction: Extraction) -> RenderableType:
    """The whole of ``extraction``: heading, claims by sentence, summary."""
    of = extraction.article
    published = of.published_at.date().isoformat() if of.published_at else None
    return Group(
        heading(of.title or of.id, of.source, published),
        listing(extraction.claims),
        "",
        summary(extraction),
    )


def heading_of(article: Article) -> Text:
    """The heading of an article that is about to be extracted."""
    published = article.published_at.date().isoformat() if article.published_at else None
    return heading(article.title or article.id, article.source, published)


def heading(*parts: str | None) -> Text:
    """One line: title, source and date, as far as they are known."""
    known = [clean(part) for part in parts if part]
    return Text(" · ".join(known) or "standard input", style="bold underline")


def listing(claims: Iterable[Claim]) -> RenderableType:
    """``claims`` in their order, under the sentences that they rest on."""
    return Group(*(_group(list(group)) for _, group in groupby(claims, key=lambda c: c.evidence)))


def summary(extraction: Extraction) -> Text:
    """One line: how many claims from how many sentences, how long it took, and by what."""
    covered, made, usage = extraction.coverage, extraction.provenance, extraction.usage
    parts = [
        f"{counted(len(extraction.claims), 'claim')} from {covered.covered} of "
        f"{counted(covered.sentences, 'sentence')}",
        f"{usage.seconds:.0f} s",
        f"{made.model} ({made.endpoint})",
    ]
    if extraction.rejected:
        parts.append(f"{counted(len(extraction.rejected), 'draft')} rejected")
    if usage.cost_usd:
        parts.append(f"${usage.cost_usd:.4f}")
    return Text(f"{extraction.status.value}: {', '.join(parts)}")


def counted(number: int, noun: str) -> str:
    """The number with its noun: "1 claim", "2 claims"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _group(claims: list[Claim]) -> RenderableType:
    sentence = Text(" … ".join(clean(span.text) for span in claims[0].evidence), style=SENTENCE)
    table = Table.grid(padding=(0, 1))
    for claim in claims:
        table.add_row("•", Text(clean(claim.statement), style=STATEMENT))
        table.add_row("", _details(claim))
    return Group("", sentence, Padding(table, (0, 0, 0, 2)))


def _details(claim: Claim) -> Text:
    line = Text()
    for label, value in _slots(claim):
        line.append(" · " if line else "")
        if label:
            line.append(f"{label} ", style=LABEL)
        line.append(value)
    return line


def _slots(claim: Claim) -> Iterator[tuple[str, str]]:
    yield "", f"{claim.kind.value}, {claim.certainty.value}"
    if claim.negated:
        yield "", "negated"
    if claim.sources:
        yield "by", " > ".join(map(_source, claim.sources))
    if claim.time:
        yield "when", _time(claim.time)
    if claim.place:
        yield "where", clean(claim.place)
    for quantity in claim.quantities:
        yield "figure", _quantity(quantity)
    if claim.hedge:
        yield "hedge", clean(claim.hedge)
    if claim.quote:
        yield "", "in quotation marks"


def _source(source: Source) -> str:
    return clean(f"{source.name} ({source.cue})" if source.cue else source.name)


def _time(time: Time) -> str:
    value = "unresolved" if time.basis is TimeBasis.UNRESOLVED else time.value
    return _computed(time.text, value)


def _quantity(quantity: Quantity) -> str:
    if quantity.value is None:
        return clean(quantity.text)
    top = f"–{quantity.value_max:,.10g}" if quantity.value_max is not None else ""
    value = f"{SIGNS.get(quantity.comparator, '')}{quantity.value:,.10g}{top}"
    unit = "" if (quantity.unit or "") in quantity.text else f" {quantity.unit}"
    return _computed(quantity.text, value + unit)


def _computed(words: str, value: str | None) -> str:
    """The article's words and, where it says more, what was computed from them."""
    return clean(words) if not value or value in words else f"{clean(words)} ({value})"

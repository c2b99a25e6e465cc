"""For capable models: the whole article, free statements, sentence numbers as evidence."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue, ValidationError

from extractor.ask.style import Judged, Style
from extractor.ask.wire import response_format, wire_schema
from extractor.candidates import Candidate
from extractor.checks import statement_problems
from extractor.grounding import NOWHERE, Located, locate
from extractor.model import Message, Question
from extractor.rules.lexicon import kind_of
from extractor.rules.modality import is_negated
from extractor.rules.quotes import find_quotes
from extractor.rules.telling import told
from extractor.segment import Document, Sentence
from extractor.text import UNWANTED, fold, legible
from extractor.window import Window
from prompts import Prompt
from schemas import Article, ClaimDraft, ClaimsAnswer, Origin, Rejected, Source, Span

WINDOW_CHARACTERS = 24_000
TOKENS_PER_SENTENCE = 400
TOKEN_RANGE = (2_000, 16_000)
CONTEXT_SENTENCES = 3
COPIED_SLOTS = ("subject", "object", "quantity", "time", "place", "hedge", "quote")
MODEL_SLOTS = ("kind", "statement", "subject", "predicate", "object")


def question(
    prompt: Prompt, article: Article, document: Document, window: Window, strict: bool
) -> Question:
    """Static text first, the article last, so that a prefix cache serves every article."""
    system = prompt.render("system")
    if not strict:
        system += "\n\nAnswer with one JSON object of this schema:\n" + _schema_text()
    low, high = TOKEN_RANGE
    messages: tuple[Message, ...] = (
        {"role": "system", "content": system},
        {"role": "user", "content": _user(prompt, article, document, window)},
    )
    return Question(
        messages=messages,
        max_tokens=max(low, min(high, TOKENS_PER_SENTENCE * len(window.sentences))),
        response_format=response_format("claims", ClaimsAnswer, strict),
    )


def is_open(document: Document, window: Window) -> bool:
    """A capable model reads everything."""
    del document, window
    return True


def prefix(prompt: Prompt) -> tuple[Message, ...]:
    """The instructions, the same for every article."""
    return ({"role": "system", "content": prompt.render("system")},)


def _schema_text() -> str:
    return json.dumps(wire_schema(ClaimsAnswer))


def _user(prompt: Prompt, article: Article, document: Document, window: Window) -> str:
    before = [s for s in document.sentences if s.can_claim and s.span.end <= window.start]
    published = article.published_at or document.date
    return prompt.render(
        "user",
        title=article.title,
        source=article.source,
        published=published.date().isoformat() if published else None,
        before="\n".join(s.span.text for s in before[-CONTEXT_SENTENCES:]),
        sentences="\n".join(f"[{s.number}] ({s.zone}) {s.span.text}" for s in window.sentences),
    )


def judge(document: Document, window: Window, items: list[JsonValue]) -> Judged:
    """Each item by itself: what does not hold is rejected with its reasons, the rest stands."""
    candidates: list[Candidate] = []
    rejected: list[Rejected] = []
    for item in items:
        judged = _judged(document, window, item)
        if isinstance(judged, Candidate):
            candidates.append(judged)
        else:
            rejected.append(judged)
    return Judged(tuple(candidates), tuple(rejected))


def _judged(document: Document, window: Window, item: JsonValue) -> Candidate | Rejected:
    try:
        draft = ClaimDraft.model_validate(item)
    except ValidationError as error:
        wrong = sorted({".".join(map(str, e["loc"])) or "item" for e in error.errors()})
        return _rejected(item, ("not of the schema: " + ", ".join(wrong)[:200],))
    cited = _cited(window, draft.sentences)
    if not cited:
        return _rejected(item, ("cites no sentence of the window",))
    copied = _copied(document.text, cited, draft)
    if reasons := tuple(_reasons(document, cited, draft, copied["subject"])):
        return _rejected(item, reasons, cited[0].span)
    return _candidate(document, cited, draft, {n: found.span for n, found in copied.items()})


def _rejected(item: JsonValue, reasons: tuple[str, ...], span: Span | None = None) -> Rejected:
    shown = legible(item)
    raw: dict[str, object] = dict(shown) if isinstance(shown, dict) else {"item": shown}
    return Rejected(draft=raw, reasons=reasons, span=span)


def _cited(window: Window, numbers: Sequence[int]) -> tuple[Sentence, ...]:
    wanted = set(numbers)
    return tuple(s for s in window.sentences if s.number in wanted)


def _copied(text: str, cited: Sequence[Sentence], draft: ClaimDraft) -> dict[str, Located]:
    """Where the slots stand that are copies of the article's words."""
    return {name: _find(text, getattr(draft, name), cited) for name in COPIED_SLOTS}


def _reasons(
    document: Document, cited: Sequence[Sentence], draft: ClaimDraft, subject: Located
) -> Iterator[str]:
    evidence = " ".join(s.span.text for s in cited)
    slots = (draft.statement, draft.subject, draft.predicate)
    if any(UNWANTED.search(value) for value in slots):
        yield "control characters"
    if not draft.statement.strip():
        yield "empty statement"
    if not subject.span:
        yield f"subject {subject.miss}"
    if not _says_in_order(evidence, draft.predicate):
        yield "predicate not in the evidence"
    yield from statement_problems(draft.statement, evidence, document.text)
    if is_negated(fold(draft.statement).text) != draft.negated:
        yield "negated does not agree with the statement"
    if not draft.negated and _clause_denies(document.text, cited, draft, subject.span):
        yield "leaves out a negation of the evidence"


def _says_in_order(evidence: str, words: str) -> bool:
    """Whether all ``words`` stand in the evidence in their order; helpers may lie between."""
    wanted, folded = fold(words).text.split(), fold(evidence).text
    if wanted and f" {' '.join(wanted)} " in f" {folded} ":  # spares compiling a pattern
        return True
    pattern = r"\b" + r"\W+(?:\w+\W+){0,3}?".join(map(re.escape, wanted))
    return bool(wanted) and bool(re.search(pattern, folded))


def _clause_denies(
    text: str, cited: Sequence[Sentence], draft: ClaimDraft, subject: Span | None
) -> bool:
    """A "not" between the subject and the end of the predicate that the draft leaves out."""
    last = fold(draft.predicate).text.split()
    if not subject or not last:
        return False
    end = next((s.span.end for s in cited if s.span.end >= subject.end), subject.end)
    behind = fold(text[subject.end : end]).text
    at = behind.find(last[-1])
    return at >= 0 and is_negated(behind[: at + len(last[-1])])


def _find(text: str, words: str | None, cited: Sequence[Sentence]) -> Located:
    return locate(text, words, tuple(s.span for s in cited)) if words else NOWHERE


def _candidate(
    document: Document,
    cited: tuple[Sentence, ...],
    draft: ClaimDraft,
    copied: Mapping[str, Span | None],
) -> Candidate:
    sources, source_origin = _sources(document, cited, draft, copied["subject"])
    place, hedge, thing = copied["place"], copied["hedge"], copied["object"]
    quote = _quote(document, cited, copied["quote"])
    origins = dict.fromkeys(MODEL_SLOTS, Origin.MODEL) | {"sources": source_origin}
    by_model = {"place": place, "hedge": hedge, "quote": quote}
    return Candidate(
        sentences=cited,
        statement=draft.statement,
        subject=draft.subject,
        predicate=draft.predicate,
        object=thing.text if thing else None,
        reach=_reach(cited, copied),
        lead=cited[0].span.start,
        sources=sources,
        kind=draft.kind,
        quote=quote,
        place=place.text if place else None,
        time_words=draft.time,
        hedge=hedge.text if hedge else None,
        negated=draft.negated,
        origins=origins | {name: Origin.MODEL for name, found in by_model.items() if found},
    )


def _reach(
    cited: Sequence[Sentence], copied: Mapping[str, Span | None]
) -> tuple[tuple[int, int], ...]:
    """From the subject to the farthest of the copied slots, inside the cited sentences."""
    slots = ("subject", "object", "quantity", "time", "hedge")
    spans = [found for name in slots if (found := copied[name])]
    inside = [s for s in spans if any(c.span.start <= s.start < c.span.end for c in cited)]
    if not inside:
        return tuple((s.span.start, s.span.end) for s in cited)
    return ((min(s.start for s in inside), max(s.end for s in inside)),)


def _sources(
    document: Document, cited: Sequence[Sentence], draft: ClaimDraft, subject: Span | None
) -> tuple[tuple[Source, ...], Origin]:
    """The model's tellers that are in the article; where it saw none, the rules'."""
    tellers = tuple(
        Source(name=found.text, kind=kind_of(found.text), cue=cue.text if cue else None)
        for teller in draft.tellers
        for found in [_find_anywhere(document.text, teller.name, cited)]
        if found
        for cue in [_find(document.text, teller.cue, cited).span]
    )
    if tellers:
        return tellers, Origin.MODEL
    for passage in told(document)[cited[0].number - 1]:
        if subject and passage.start <= subject.start < passage.end:
            return passage.sources, Origin.RULE
    return (), Origin.RULE


def _find_anywhere(text: str, words: str, cited: Sequence[Sentence]) -> Span | None:
    """A name may stand outside the cited sentences, also more than once: it is a name."""
    everywhere = Span(start=0, end=len(text), text=text)
    return _find(text, words, cited).span or locate(text, words, (everywhere,)).span


def _quote(document: Document, cited: Sequence[Sentence], found: Span | None) -> Span | None:
    """The draft's quote, byte for byte, if it stands inside quotation marks."""
    if not found:
        return None
    marks = find_quotes(document.text, cited[0].span.start, cited[-1].span.end)
    return found if any(q.start <= found.start and found.end <= q.end for q in marks) else None


CLAIMS_STYLE = Style(WINDOW_CHARACTERS, is_open, prefix, question, judge)

"""For capable models: the whole article, claims in copied pieces, sentence numbers as evidence."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import cast

from pydantic import JsonValue, ValidationError

from extractor.ask.objections import denies, missing, objections
from extractor.ask.parts import (
    NAMED,
    OBJECT,
    SUBJECT,
    VERB,
    Part,
    bearing,
    in_a_row,
    names_in,
    place,
    reach,
)
from extractor.ask.style import Judged, Style
from extractor.ask.wire import response_format, wire_schema
from extractor.ask.wording import bare, sentence
from extractor.candidates import Candidate
from extractor.grounding import occurrences
from extractor.model import Message, Question
from extractor.rules.lexicon import PRONOUN, kind_of
from extractor.rules.telling import is_quoted, told
from extractor.segment import Document, Sentence
from extractor.text import legible
from extractor.window import Window
from prompts import Prompt, load_prompt
from schemas import Article, ClaimDraft, ClaimsAnswer, Origin, Rejected, Source, Span
from schemas.drafts import pieces

WINDOW_CHARACTERS = 24_000
TOKENS_PER_SENTENCE = 400
TOKEN_RANGE = (2_000, 16_000)
CONTEXT_SENTENCES = 3
MODEL_SLOTS = ("kind", "statement", "subject", "predicate", "object")


def question(
    prompt: Prompt, article: Article, document: Document, window: Window, strict: bool
) -> Question:
    """Static text first, the article last, so that a prefix cache serves every article."""
    system = _system(prompt.name)
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


def again(prompt: Prompt, asked: Question, missed: Sequence[Sentence]) -> Question:
    """The same question with a last paragraph about the sentences that no claim rests on.

    All that was sent before comes first, unaltered, so that a prefix cache serves the article too.
    """
    numbers = ", ".join(str(s.number) for s in missed)
    *before, last = asked.messages
    more = last["content"] + prompt.render("missed", numbers=numbers)
    return replace(asked, messages=(*before, {**last, "content": more}))


def is_open(document: Document, window: Window) -> bool:
    """A capable model reads everything."""
    del document, window
    return True


def prefix(prompt: Prompt) -> tuple[Message, ...]:
    """The instructions, the same for every article."""
    return ({"role": "system", "content": _system(prompt.name)},)


@lru_cache
def _system(name: str) -> str:
    prompt = load_prompt(name)
    return prompt.render("system", examples=[_example(given) for given in prompt.examples()])


def _example(given: dict[str, object]) -> dict[str, str]:
    """A worked example as it is shown: numbered lines, and the answer as it should be."""
    answer = json.dumps({"claims": given["claims"]}, ensure_ascii=False, separators=(",", ":"))
    lines = [str(line) for line in cast("list[object]", given["sentences"])]
    return {"sentences": "\n".join(lines), "answer": answer}


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
    placed = place(document.text, cited, draft.parts)
    if absent := tuple(missing(placed)):
        return _rejected(item, absent, cited[0].span)
    parts = tuple(part for part in placed if isinstance(part, Part))
    cited = bearing(parts, cited)
    statement = sentence(in_a_row(parts, cited))
    if why := tuple(objections(document.text, cited, draft.parts, parts, statement)):
        return _rejected(item, why, cited[0].span)
    return _candidate(document, cited, draft, parts, statement)


def _rejected(item: JsonValue, reasons: tuple[str, ...], span: Span | None = None) -> Rejected:
    shown = legible(item)
    raw: dict[str, object] = dict(shown) if isinstance(shown, dict) else {"item": shown}
    return Rejected(draft=raw, reasons=reasons, span=span)


def _cited(window: Window, numbers: Sequence[int]) -> tuple[Sentence, ...]:
    wanted = set(numbers)
    return tuple(s for s in window.sentences if s.number in wanted)


def _candidate(
    document: Document,
    cited: tuple[Sentence, ...],
    draft: ClaimDraft,
    parts: Sequence[Part],
    statement: str,
) -> Candidate:
    stretches = reach(parts)
    sources, source_origin = _sources(document, cited, draft, parts[VERB].start)
    return Candidate(
        sentences=cited,
        statement=statement,
        subject=_subject(document.text, draft.parts[SUBJECT], parts[SUBJECT].words),
        predicate=bare(parts[VERB].reads),
        object=parts[OBJECT].words if len(parts) > OBJECT else None,
        reach=stretches,
        lead=stretches[0][0],
        sources=sources,
        kind=draft.kind,
        negated=denies([part.reads for part in parts]),
        origins=dict.fromkeys(MODEL_SLOTS, Origin.MODEL) | {"sources": source_origin},
    )


def _subject(text: str, words: str, found: str) -> str:
    """The name that the model gives for a lone pronoun, as the article has it; else the words."""
    names = names_in(words) if NAMED.fullmatch(words) else ()
    named = (text[slice(*at)] for name in names for at in occurrences(text, name))
    return next(named, found)


def _sources(
    document: Document, cited: Sequence[Sentence], draft: ClaimDraft, verb: int
) -> tuple[tuple[Source, ...], Origin]:
    """The model's tellers that can tell this; where it saw none, the rules'.

    A name from elsewhere in the article can, if somebody speaks here who is not named: "he said",
    or a quotation alone.
    """
    own = next(s for s in cited if s.span.start <= verb < s.span.end)
    around = told(document)[own.number - 1]
    heard = next((p.sources for p in around if p.start <= verb < p.end), ())
    places = [s.span.text for s in cited]
    named = all(_find(s.name, places) and not PRONOUN.match(s.name) for s in heard)
    if not named or (not heard and is_quoted(document, own)):
        places.append(document.text)
    tellers = tuple(
        Source(name=found, kind=kind_of(found), cue=_find(cues[0], places) if cues else None)
        for name, *cues in map(pieces, draft.tellers)
        for found in [_find(name, places)]
        if found
    )
    return (tellers, Origin.MODEL) if tellers else (heard, Origin.RULE)


def _find(words: str, places: Sequence[str]) -> str | None:
    """``words`` as the first of these texts has them that has them at all."""
    hits = (text[start:end] for text in places for start, end in occurrences(text, words))
    return next(hits, None)


CLAIMS_STYLE = Style(WINDOW_CHARACTERS, is_open, prefix, question, judge, again)

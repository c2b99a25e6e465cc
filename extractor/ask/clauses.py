"""For small models: one sentence at a time, pointing at subjects and verbs under a grammar."""

import json

from pydantic import JsonValue, TypeAdapter, ValidationError

from extractor.ask.style import Judged, Style
from extractor.ask.wording import bare, sentence
from extractor.candidates import Candidate
from extractor.clauses import Clause, Unplaced, place
from extractor.model import Message, Question
from extractor.rules.attribution import Passage
from extractor.rules.quotes import find_quotes
from extractor.rules.telling import told
from extractor.segment import Document, Sentence
from extractor.syntax import parse
from extractor.text import legible
from extractor.window import Window
from prompts import Prompt
from schemas import Article, ClauseDraft, Kind, Origin, Rejected

ONE_SENTENCE = 1
TOKENS_PER_WORD = 6
MODEL_SLOTS = {"predicate": Origin.MODEL}
_draft = TypeAdapter(ClauseDraft)


def _passage_text(document: Document, window: Window) -> str:
    """What each teller says, a line each, exactly as the article has it."""
    return "\n".join(document.text[p.start : p.end] for p in _passages(document, window))


def _passages(document: Document, window: Window) -> tuple[Passage, ...]:
    split = told(document)
    return tuple(p for s in window.sentences for p in split[s.number - 1])


def question(
    prompt: Prompt, article: Article, document: Document, window: Window, strict: bool
) -> Question:
    """The passage behind worked examples, the answer held to the passage's own words."""
    del article, strict
    passage = _passage_text(document, window)
    return Question(
        messages=(*prefix(prompt), _user(prompt.render("user", passage=passage))),
        max_tokens=40 + TOKENS_PER_WORD * len(passage.split()),
        grammar=prompt.render("grammar", passage_json=json.dumps(passage, ensure_ascii=False)),
    )


def is_open(document: Document, window: Window) -> bool:
    """Whether the form of its sentences leaves open what they assert.

    A model is slow on a small machine; it is asked where a clause stands only if a reader says so
    (a participle, a wish's content), or where the parse sees no clause at all.
    """
    for passage in _passages(document, window):
        clauses = parse(document.text[passage.start : passage.end])
        if not clauses or not all(c.stands for c in clauses):
            return True
    return False


def prefix(prompt: Prompt) -> tuple[Message, ...]:
    """The part that never changes, first, so that the model's prefix cache holds it."""
    messages: list[Message] = [{"role": "system", "content": prompt.render("system")}]
    for example in prompt.examples():
        answer = json.dumps(
            {"claims": example["claims"]}, ensure_ascii=False, separators=(",", ":")
        )
        messages.append(_user(str(example["passage"])))
        messages.append({"role": "assistant", "content": answer})
    return tuple(messages)


def _user(content: str) -> Message:
    return {"role": "user", "content": content}


def judge(document: Document, window: Window, items: list[JsonValue]) -> Judged:
    """Place each (subject, verb) in its passage; what has no place there is rejected."""
    drafts: list[ClauseDraft] = []
    rejected: list[Rejected] = []
    for item in items:
        try:
            drafts.append(_draft.validate_python(item))
        except ValidationError:
            rejected.append(
                Rejected(draft={"item": legible(item)}, reasons=("not [subject, verb]",))
            )
    passages = _passages(document, window)
    clauses, missed = place(document.text, passages, drafts)
    rejected += [_rejected(m) for m in missed]
    candidates = [_candidate(document, window, c) for c in clauses]
    silent = [p for p in passages if not any(c.passage == p for c in clauses)]
    candidates += [c for p in silent if (c := _words_alone(document, window, p))]
    return Judged(tuple(candidates), tuple(rejected))


def _rejected(missed: Unplaced) -> Rejected:
    words = {slot: legible(value) for slot, value in missed.draft._asdict().items()}
    return Rejected(draft=dict(words), reasons=(missed.reason,))


def _candidate(document: Document, window: Window, clause: Clause) -> Candidate:
    text = document.text
    has_object = clause.object[0] < clause.object[1]
    return Candidate(
        sentences=(_sentence(window, clause.verb[1]),),
        statement=sentence(" ".join(text[a:b] for a, b in clause.core)),
        subject=text[slice(*clause.subject)],
        predicate=bare(text[slice(*clause.verb)]),
        object=text[slice(*clause.object)] if has_object else None,
        reach=clause.core,
        lead=clause.lead,
        sources=clause.sources,
        origins=MODEL_SLOTS if clause.pointed else {},
    )


def _words_alone(document: Document, window: Window, passage: Passage) -> Candidate | None:
    """A quote without a clause of its own ("Know that …") is a claim that it was said."""
    text, source = document.text, passage.sources[-1] if passage.sources else None
    inside = [q for q in find_quotes(text, passage.start, passage.end) if len(q.text.split()) > 2]
    if not source or not source.cue or not inside:
        return None
    quote = inside[0]
    return Candidate(
        sentences=(_sentence(window, quote.end),),
        statement=f"{source.name} {source.cue}: “{quote.text}”",
        subject=source.name,
        predicate=source.cue,
        object=quote.text,
        reach=((quote.start, quote.end),),
        lead=quote.start,
        sources=passage.sources,
        kind=Kind.QUOTE,
        quote=quote,
    )


def _sentence(window: Window, at: int) -> Sentence:
    return next(s for s in window.sentences if s.span.end >= at)


CLAUSES_STYLE = Style(ONE_SENTENCE, is_open, prefix, question, judge)

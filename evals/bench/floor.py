"""The floor: a small model's own cut, one sentence a call.

``python -m evals.bench.floor CASE…`` asks the embedded model for [subject, verb, object] under a
grammar that allows the sentence's words alone, and keeps the answers in ``floor.json`` beside this
file, one article after the other. The ladder scores what is kept, so that its first rungs can be
printed without a model.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from pydantic import JsonValue

from evals.bench.pointers import Pointers
from evals.dataset import Case, load_cases
from evals.run import PATIENCE
from extractor import Extraction, Extractor
from extractor.ask import STYLES, Judged
from extractor.candidates import Candidate
from extractor.edges import Bounds
from extractor.model import Message, Question
from extractor.rules.telling import told
from extractor.segment import Document
from extractor.window import Window
from prompts import CLAUSES
from schemas import Article

KEPT = Path(__file__).with_name("floor.json")
SYSTEM = (
    "Find every claim in this sentence from a news article. Answer with a list of "
    "[subject, verb, object]. Copy words exactly, in the order of the sentence. Where two verbs "
    "share a subject, repeat it. Where there is no object, give the words that follow the verb."
)
# All invented.
EXAMPLES = (
    (
        "Firefighters have contained the blaze in the port of Lenmar and are searching two barns.",
        [
            ["Firefighters", "have contained", "the blaze in the port of Lenmar"],
            ["Firefighters", "are searching", "two barns"],
        ],
    ),
    (
        "No passenger on the ferry was hurt when it struck the quay on Tuesday.",
        [
            ["No passenger on the ferry", "was", "hurt"],
            ["it", "struck", "the quay on Tuesday"],
        ],
    ),
    (
        "Only union members may vote, the clerk told reporters.",
        [["Only union members", "may", "vote"]],
    ),
    (
        "The river, which rose by about 3 metres in a night, has not yet reached Olten.",
        [
            ["The river", "rose", "by about 3 metres in a night"],
            ["The river", "has not yet reached", "Olten"],
        ],
    ),
    (
        "“There was glass on the floor,” she said.",
        [["There", "was", "glass on the floor"]],
    ),
)
GRAMMAR = """%llguidance {{}}
start: "{{\\"claims\\":[" (claim ("," claim)*)? "]}}"
claim: "[\\"" words "\\",\\"" words "\\",\\"" words "\\"]"
words: %regex {{"substring_words": {sentence}}}
"""
Json = dict[str, Any]


def main(names: Sequence[str]) -> None:
    """Ask about the cases named, and keep the answers of each as soon as it is done."""
    cases = [case for case in load_cases() if case.id in names]
    for case in cases:
        answers: dict[int, list[JsonValue]] = {}
        extraction = _asked(case.article, answers)
        _keep(case, extraction, answers)
        usage = extraction.usage
        print(f"{case.id}: {usage.output_tokens} tokens, {usage.seconds:.0f} s", flush=True)


def _asked(article: Article, answers: dict[int, list[JsonValue]]) -> Extraction:
    def listening(document: Document, window: Window, items: list[JsonValue]) -> Judged:
        answers[window.start] = items
        return own_cut(document, window, items)

    style = replace(
        STYLES[CLAUSES], is_open=_always, prefix=_prefix, question=_question, judge=listening
    )
    with patch.dict(STYLES, {CLAUSES: style}), Extractor(deadline=PATIENCE) as extractor:
        return extractor.extract(article)


def _keep(case: Case, extraction: Extraction, answers: dict[int, list[JsonValue]]) -> None:
    kept = _read()
    usage = extraction.usage
    kept[case.id] = {
        "date": datetime.now(UTC).date().isoformat(),
        "model": extraction.provenance.model,
        "status": extraction.status,
        "calls": usage.calls,
        "output_tokens": usage.output_tokens,
        "seconds": round(usage.seconds),
        "answers": sorted(answers.items()),
    }
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _read() -> dict[str, Json]:
    return json.loads(KEPT.read_bytes()) if KEPT.exists() else {}


def kept(cases: Sequence[Case]) -> Pointers:
    """The answers for the sentences of those cases whose article was asked about."""
    asked = _read()
    return {
        (case.article.text, start): items
        for case in cases
        if case.id in asked
        for start, items in asked[case.id]["answers"]
    }


def _always(*_: object) -> bool:
    return True


def _prefix(_: object) -> tuple[Message, ...]:
    messages: list[Message] = [{"role": "system", "content": SYSTEM}]
    for sentence, claims in EXAMPLES:
        answer = json.dumps({"claims": claims}, ensure_ascii=False, separators=(",", ":"))
        messages.append({"role": "user", "content": sentence})
        messages.append({"role": "assistant", "content": answer})
    return tuple(messages)


def _question(
    prompt: object, article: Article, document: Document, window: Window, strict: bool
) -> Question:
    del article, strict
    sentence = document.text[window.start : window.end]
    return Question(
        messages=(*_prefix(prompt), {"role": "user", "content": sentence}),
        max_tokens=40 + 8 * len(sentence.split()),
        grammar=GRAMMAR.format(sentence=json.dumps(sentence, ensure_ascii=False)),
    )


def own_cut(document: Document, window: Window, items: list[JsonValue]) -> Judged:
    """Each triple is a claim of the article's own voice, as the model cut it."""
    found = [c for item in items if (c := _candidate(document, window, item))]
    return Judged(tuple(found), ())


def told_cut(document: Document, window: Window, items: list[JsonValue]) -> Judged:
    """The same, with the tellers that rules find; a triple of the attribution itself goes."""
    found = own_cut(document, window, items).candidates
    split = [p for s in window.sentences for p in told(document)[s.number - 1]]
    return Judged(
        tuple(
            replace(candidate, sources=passage.sources)
            for candidate in found
            for passage in split
            if passage.start <= candidate.reach[1][0] < passage.end
        ),
        (),
    )


def _candidate(document: Document, window: Window, item: JsonValue) -> Candidate | None:
    if not isinstance(item, list) or len(item) != 3 or not all(isinstance(i, str) for i in item):
        return None
    words = cast("list[str]", item)
    reach = _located(document.text, window, words)
    if not reach:
        return None
    return Candidate(
        sentences=window.sentences,
        statement=" ".join(words) + ".",
        subject=words[0],
        predicate=words[1],
        object=words[2],
        reach=reach,
        lead=reach[0][0],
        sources=(),
    )


def _located(text: str, window: Window, words: Sequence[str]) -> tuple[Bounds, ...]:
    """Where the words stand, each behind the one before if it can; nowhere is nothing."""
    places: list[Bounds] = []
    for part in words:
        last = places[-1][1] if places else window.start
        at = text.find(part, last, window.end)
        at = at if at >= 0 else text.find(part, window.start, window.end)
        if at < 0 or not part.strip():
            return ()
        places.append((at, at + len(part)))
    return tuple(places)


if __name__ == "__main__":
    main(sys.argv[1:])

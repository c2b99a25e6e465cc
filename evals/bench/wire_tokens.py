"""What a hosted model reads and writes for an article: ``python -m evals.bench.wire_tokens``.

The gold claims of the hand-labelled articles are written as one answer an article, as
``prompts/claims`` asks for them, and judged as a model's answer would be. Tokens are those of the
embedded model's tokenizer (Qwen2.5), the only one at hand without a network; it counts each digit,
so that others count fewer where a text is full of figures. Needs the extra ``[local]``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx2

from evals.dataset import Case, load_cases
from evals.encoding import answer, drafts
from evals.metrics import summary
from evals.run import segmented
from evals.score import CaseScore, score_case
from extractor.ask import STYLES
from extractor.assemble import assemble
from extractor.local import local_server
from extractor.segment import Document, segment
from extractor.settings import LOCAL
from extractor.window import Window
from prompts import CLAIMS, load_prompt

GOAL = 32.0  # output tokens a claim
PREFIX = 1_024  # tokens from which prefix caches begin
SHOWN = ("precision", "recall", "f1", "strict_f1", "attribution_f1")
Count = Callable[[str], int]


@dataclass(frozen=True)
class Wire:
    """Of one article: the question's characters, and tokens of question, article and answer."""

    case: Case
    characters: int
    question: int
    article: int
    answer: int
    score: CaseScore


def main() -> None:
    """Print the prefix, a line for each article, and what all come to."""
    count = tokenizer()
    prefix = "".join(m["content"] for m in STYLES[CLAIMS].prefix(load_prompt(CLAIMS)))
    print(f"{CLAIMS}: a prefix of {count(prefix):,} tokens (goal {PREFIX:,})")
    wires = [_wire(case, count) for case in load_cases(zones=segmented) if "-dated" not in case.id]
    for wire in wires:
        each = wire.answer / len(wire.case.gold)
        print(
            f"  {wire.case.id:22}{len(wire.case.gold):4} claims, article {wire.article:6,} in, "
            f"answer {wire.answer:6,} out, {each:.1f} a claim"
        )
    _print_sums(wires)


def tokenizer() -> Count:
    """Counts the embedded model's tokens in a text."""
    server = local_server(LOCAL)
    client = httpx2.Client(
        base_url=server.address,
        headers={"Authorization": f"Bearer {server.api_key}"},
        trust_env=False,
    )

    def count(text: str) -> int:
        reply = client.post("/tokenize", json={"content": text})
        return len(reply.raise_for_status().json()["tokens"])

    return count


def _print_sums(wires: Sequence[Wire]) -> None:
    claims, made = sum(len(w.case.gold) for w in wires), sum(w.answer for w in wires)
    sentences = sum(s.can_claim for w in wires for s in _document(w.case).sentences)
    print(
        f"all: {claims} claims, {made / claims:.1f} output tokens a claim (goal {GOAL:g}), "
        f"{made / sentences:.0f} a sentence, {made / len(wires):,.0f} an article"
    )
    density = sum(w.characters for w in wires) / sum(w.question for w in wires)
    print(f"a question has {density:.2f} characters a token")
    values = summary([wire.score for wire in wires])
    told = ", ".join(f"{name} {values[name]:.3f}" for name in SHOWN)
    print(f"gold through the wire and its checks, scored against itself: {told}")


def _wire(case: Case, count: Count) -> Wire:
    document = _document(case)
    window = Window(tuple(s for s in document.sentences if s.can_claim))
    style, prompt = STYLES[CLAIMS], load_prompt(CLAIMS)
    asked = style.question(prompt, case.article, document, window, True)
    judged = style.judge(document, window, [*drafts(case)])
    dated = case.article.published_at or document.date
    claims = assemble(case.article.text, "", judged.candidates, dated)
    sent = [message["content"] for message in asked.messages]
    return Wire(
        case,
        characters=sum(map(len, sent)),
        question=sum(map(count, sent)),
        article=count(sent[-1]),
        answer=count(answer(case)),
        score=score_case(case, claims),
    )


def _document(case: Case) -> Document:
    return segment(case.article.text, case.article.language)


if __name__ == "__main__":
    main()

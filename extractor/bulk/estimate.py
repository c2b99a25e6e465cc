"""What a backfill would take, before anything is sent: calls, tokens, cost."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from extractor.ask import STYLES
from extractor.bulk.identity import KeyOf
from extractor.bulk.inputs import Input
from extractor.bulk.ledger import Accounts, Ledger
from extractor.bulk.listing import row_of
from extractor.prices import Price
from extractor.segment import segment
from extractor.settings import Settings
from extractor.window import windows
from prompts import Prompt
from schemas import Article, Usage

CHUNK = 500
SAMPLE = 200
ENOUGH = 30  # results whose bills tell more than the averages below
# By the embedded model's tokenizer, over ten articles: python -m evals.bench.wire_tokens
CHARACTERS_PER_TOKEN = 3.77  # of a question, its instructions among them
OUTPUT_TOKENS_PER_SENTENCE = 65  # of their gold claims as wire answers

TYPICAL = Usage(calls=1, input_tokens=2_500, output_tokens=2_400)  # one article's, for a cap


@dataclass(frozen=True)
class Estimate:
    """What is still to be asked about, and what that would take; ``basis`` says how it is known."""

    accounts: Accounts
    texts: int
    usage: Usage
    basis: str


@dataclass
class Sample:
    """The texts with the lowest keys: a digest is a fair draw, and draws each text once."""

    articles: dict[bytes, Article] = field(default_factory=dict[bytes, Article])
    highest: bytes = b""

    def add(self, key: bytes, article: Article) -> None:
        """Show one more article."""
        is_full = len(self.articles) >= SAMPLE
        if key in self.articles or (is_full and key > self.highest):
            return
        if is_full:
            del self.articles[self.highest]
        self.articles[key] = article
        self.highest = max(self.articles)


def typical_cost(price: Price | None) -> float:
    """What one article is taken to cost (US dollars) where its own bill does not arrive."""
    return price.cost(TYPICAL) if price else 0.0


def estimate(
    inputs: Iterator[Input], ledger: Ledger, key_of: KeyOf, settings: Settings, prompt: Prompt
) -> Estimate:
    """List ``inputs`` and reckon up those that have neither a result nor a dead letter.

    A sample of the articles is read as it would be asked about. Where enough of the inputs have
    results, the bills of some of these correct what the averages say.
    """
    new, done = _samples(inputs, ledger, key_of)
    texts, characters = ledger.to_pay()
    asked = _asked(new.articles.values(), settings, prompt)
    held = sum(len(article.text) for article in new.articles.values())
    usage = _scaled(asked, texts / max(1, len(new.articles)), characters / max(1, held))
    bodies, basis = ledger.bodies(list(done.articles)), "averages"
    if len(bodies) >= ENOUGH:
        billed = _total(Usage.model_validate(json.loads(body)["usage"]) for body in bodies.values())
        expected = _asked([done.articles[key] for key in bodies], settings, prompt)
        usage, basis = _corrected(usage, billed, expected), "its own results so far"
    return Estimate(ledger.accounts(), texts, usage, basis)


def _samples(inputs: Iterator[Input], ledger: Ledger, key_of: KeyOf) -> tuple[Sample, Sample]:
    """List ``inputs``; of the texts to be paid, and of the others, some."""
    new, done = Sample(), Sample()
    ledger.start_list()
    while chunk := list(islice(inputs, CHUNK)):
        rows = [row_of(given, key_of) for given in chunk]
        ledger.enlist(rows)
        fresh = ledger.new([row.key for row in rows if row.key])
        for given, row in zip(chunk, rows, strict=True):
            if row.key and given.article:
                (new if row.key in fresh else done).add(row.key, given.article)
    return new, done


def _asked(articles: Iterable[Article], settings: Settings, prompt: Prompt) -> Usage:
    """What asking about ``articles`` would take, by averages."""
    return _total(_asked_about(article, settings, prompt) for article in articles)


def _asked_about(article: Article, settings: Settings, prompt: Prompt) -> Usage:
    style = STYLES[prompt.name]
    document = segment(article.text, article.language)
    questions = [
        style.question(prompt, article, document, window, settings.strict)
        for window in windows(document, style.size)
        if style.is_open(document, window)
    ]
    sent = sum(len(message["content"]) for q in questions for message in q.messages)
    passes = 2 if settings.second_pass and style.again else 1  # the second one at most
    sentences = sum(sentence.can_claim for sentence in document.sentences)
    return Usage(
        calls=len(questions) * passes,
        input_tokens=round(sent * passes / CHARACTERS_PER_TOKEN),
        output_tokens=sentences * OUTPUT_TOKENS_PER_SENTENCE,
    )


def _total(bills: Iterable[Usage]) -> Usage:
    calls = fresh = cached = made = 0
    for bill in bills:
        calls += bill.calls
        fresh += bill.input_tokens
        cached += bill.cached_tokens
        made += bill.output_tokens
    return Usage(calls=calls, input_tokens=fresh, cached_tokens=cached, output_tokens=made)


def _scaled(usage: Usage, calls: float, tokens: float) -> Usage:
    return Usage(
        calls=round(usage.calls * calls),
        input_tokens=round(usage.input_tokens * tokens),
        output_tokens=round(usage.output_tokens * tokens),
    )


def _corrected(usage: Usage, billed: Usage, expected: Usage) -> Usage:
    """``usage`` as it comes out if all goes as it did where ``expected`` became ``billed``."""
    read = usage.input_tokens / max(1, expected.input_tokens)
    return Usage(
        calls=round(usage.calls * billed.calls / max(1, expected.calls)),
        input_tokens=round(billed.input_tokens * read),
        cached_tokens=round(billed.cached_tokens * read),
        output_tokens=round(
            usage.output_tokens * billed.output_tokens / max(1, expected.output_tokens)
        ),
    )

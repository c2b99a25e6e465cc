"""What an article of 700 words takes here: ``python -m evals.bench.sizes``.

The hand-labelled articles are asked about as they would be, their gold claims taken for the answer,
judged and stored. Tokens, bytes and processor time a 700-word article, and how fast a journal, a
ledger and Parquet take results of this size. Feeds ``evals.bench.scale`` and docs/scale.md.
"""

import json
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from evals.dataset import Case, load_cases
from evals.encoding import answer, drafts
from extractor.ask import STYLES
from extractor.ask.claims import judge
from extractor.assemble import assemble
from extractor.bulk.estimate import CHARACTERS_PER_TOKEN, OUTPUT_TOKENS_PER_SENTENCE
from extractor.bulk.journal import Journal
from extractor.bulk.ledger import Done, Ledger
from extractor.bulk.outcome import settled
from extractor.bulk.outputs import write_parquet
from extractor.bulk.pool import COMMIT_ROWS
from extractor.model import Meter
from extractor.outcome import coverage
from extractor.record import article_record, provenance
from extractor.rules.quotes import find_quotes, masked
from extractor.rules.telling import told
from extractor.segment import segment
from extractor.text import fold
from extractor.window import Window
from prompts import CLAIMS, load_prompt
from schemas import Article, Extraction, Status

WORDS = 700
ROUNDS = 5
COPIES = 200  # of each article, where a rate is measured
WIRE = 3.5  # ms of CPU for the call itself: python -m evals.bench.client_cpu


@dataclass(frozen=True)
class Size:
    """One article: its bytes, tokens and bytes of question and answer, its result, ms of CPU."""

    words: int
    sentences: int
    claims: int
    text: int
    input_tokens: float
    output_tokens: float
    request: int
    answer: int
    result: int
    zlib: int
    milliseconds: float


def main() -> None:
    """Print a line for each measure."""
    cases = [case for case in load_cases() if "-dated" not in case.id]
    found = [_size(case) for case in cases]
    words = sum(size.words for size in found)
    print(f"{len(found)} articles, {words:,} words; for an article of {WORDS} words:")
    for name in Size.__dataclass_fields__:
        whole = sum(getattr(size, name) for size in found)
        print(f"  {name:14}{whole * WORDS / words:12,.1f}")
    lines = [_line(case) for case in cases]
    print(f"  {'parquet':14}{_parquet_bytes(lines) * WORDS / words:12,.1f}")
    _print_rates(lines)


def _size(case: Case) -> Size:
    article = case.article
    document = segment(article.text, article.language)
    window = Window(tuple(s for s in document.sentences if s.can_claim))
    question = STYLES[CLAIMS].question(load_prompt(CLAIMS), article, document, window, True)
    asked = {"messages": question.messages, "response_format": question.response_format}
    written = answer(case)
    line = _line(case)
    characters = sum(len(m["content"]) for m in question.messages)
    schema = len(json.dumps(question.response_format))
    return Size(
        words=len(article.text.split()),
        sentences=len(window.sentences),
        claims=len(case.gold),
        text=len(article.text.encode()),
        input_tokens=(characters + schema) / CHARACTERS_PER_TOKEN,
        output_tokens=len(window.sentences) * OUTPUT_TOKENS_PER_SENTENCE,
        request=len(json.dumps(asked).encode()),
        answer=len(written.encode()),
        result=len(line),
        zlib=len(zlib.compress(line, 1)),
        milliseconds=min(_milliseconds(case, [*drafts(case)]) for _ in range(ROUNDS)) + WIRE,
    )


def _milliseconds(case: Case, items: Sequence[JsonValue]) -> float:
    """Processor time of segmenting, judging, assembling and serialising."""
    for cache in (segment, told, fold, find_quotes, masked):
        cache.cache_clear()
    began = time.process_time()
    settled(bytes(32), _extraction(case.article, items))
    return (time.process_time() - began) * 1000


def _extraction(article: Article, items: Sequence[JsonValue]) -> Extraction:
    document = segment(article.text, article.language)
    window = Window(tuple(s for s in document.sentences if s.can_claim))
    judged = judge(document, window, list(items))
    claims = assemble(article.text, "0" * 64, judged.candidates, article.published_at)
    return Extraction(
        status=Status.OK,
        article=article_record(article, "0" * 64, document),
        claims=claims,
        rejected=judged.rejected,
        coverage=coverage(document, claims, []),
        usage=Meter().total(),
        provenance=provenance("gpt-4.1-mini", load_prompt(CLAIMS), False),
    )


def _line(case: Case) -> bytes:
    return _extraction(case.article, [*drafts(case)]).model_dump_json().encode()


def _parquet_bytes(lines: Sequence[bytes]) -> float:
    """Of these articles, without the footer: each is another one, so nothing helps but zstd."""
    with tempfile.TemporaryDirectory() as folder:
        whole, empty = Path(folder) / "whole.parquet", Path(folder) / "empty.parquet"
        write_parquet(whole, lines)
        write_parquet(empty, [])
        return whole.stat().st_size - empty.stat().st_size


def _print_rates(lines: Sequence[bytes]) -> None:
    """Results a second that one process commits or writes, on this disk."""
    many = [*lines] * COPIES
    done = [Done(number.to_bytes(32, "big"), "{}", line) for number, line in enumerate(many)]
    with tempfile.TemporaryDirectory() as folder:
        with Ledger(Path(folder) / "ledger") as ledger:
            ledgers = _rate(done, ledger.keep)
        with Journal(Path(folder) / "journal") as journal:
            journals = _rate(done, journal.keep)
        began = time.monotonic()
        write_parquet(Path(folder) / "out.parquet", many)
        parquet = len(many) / (time.monotonic() - began)
    rates = (f"ledger {ledgers:,.0f}", f"journal {journals:,.0f}", f"Parquet {parquet:,.0f}")
    print(f"  results a second: {', '.join(rates)}")


def _rate(done: Sequence[Done], keep: Callable[[Sequence[Done]], None]) -> float:
    began = time.monotonic()
    for chunk in _chunks(done):
        keep(chunk)
    return len(done) / (time.monotonic() - began)


def _chunks(done: Sequence[Done]) -> Iterable[Sequence[Done]]:
    return (done[at : at + COMMIT_ROWS] for at in range(0, len(done), COMMIT_ROWS))


if __name__ == "__main__":
    main()

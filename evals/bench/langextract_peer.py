"""A peer on the same model: langextract, scored like the extractor.

Run it as ``python -m evals.bench.langextract_peer [--only CASE…]`` where langextract is installed
beside this package (``pip install --group peer``); no test needs it and the lock does not hold it.
It writes ``langextract.json`` beside this file after each article.

langextract asks the embedded model through its OpenAI provider, with the schema that it makes of
its example, 1,000 characters of the article at a time, four calls at once (as many as the server
has slots), at temperature 0, for claims with their speaker, time, quantity and certainty. The
longest answer is what the slot leaves beside the prompt; one that ends there is left out by
langextract itself and counted here as a lost chunk.

What it finds becomes claims as favourably as is fair. Whatever it was not asked for comes from the
extractor's own rules, so that what is compared is what was found and not who has more slots:

- An extraction without a place in the article is ungrounded: it is counted and makes no claim.
- Evidence is the sentence, or the sentences, that its place touches. Its text is the statement.
- Subject, predicate and object are one clause of its text, by the extractor's parser: the first
  that asserts something, else the first at all. A teller in the text ("Ann Lee said …") is taken
  out by the extractor's rules before. Where no clause is found, the first word is the subject and
  the rest the predicate, as the reference extractors have it.
- The speaker is the teller if those words stand in the article; kind and reporting word are looked
  up by rule. No other teller is added.
- Figures and times are normalised from its text, else from its attributes, and relative times
  count from the article's date. Certainty is its attribute.
- Kind, negation, hedge, place and quote are read by rule off its text or its place.
- Extractions that say the same at the same place are one claim, as the extractor's own are.
"""

import argparse
import hashlib
import importlib
import json
import logging
import os
import platform
import sys
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evals.dataset import Case, load_cases
from evals.metrics import summary
from evals.run import segmented
from evals.score import CaseScore, score_case
from extractor import ConfigError
from extractor.grounding import occurrences
from extractor.local import SLOTS, LocalServer, local_server
from extractor.normalise import find_quantities, find_times
from extractor.rules.attribution import passages
from extractor.rules.kind import kind_of_clause
from extractor.rules.lexicon import kind_of
from extractor.rules.modality import modality
from extractor.rules.place import find_place
from extractor.rules.quotes import find_quotes
from extractor.segment import Document, Sentence, segment
from extractor.syntax import parse
from schemas import Certainty, Claim, Quantity, Source, Span, Time

OUT = Path(__file__).with_name("langextract.json")
CHUNK = 1000  # characters
MAX_TOKENS = 1200  # of one answer; prompt and answer share a slot of 2,048
PACKAGES = ("langextract", "openai", "xllamacpp")
SCORES = ("precision", "recall", "f1", "strict_f1", "attribution_f1", "boilerplate_claims")
INSTALL = (
    "langextract is not installed here. Install it beside the extractor, in an environment of its "
    "own: pip install '.[local]' --group evals --group peer"
)
PROMPT = """\
Extract every checkable claim of the news text, in the order in which they stand there.
Copy the exact words of the text; do not paraphrase, and do not let claims overlap.
Attributes of each claim: speaker (who says so, in the words of the text; empty if it is the
article itself), time and quantity (in the words of the text; empty if there is none), certainty
(certain, probable or possible).
"""
EXAMPLE = (
    "Crews reopened the quay at Okkerby overnight. Mayor Ines Brandt told reporters on Tuesday "
    "that about 400 homes had lost power. The storm may return on Friday, the weather office said."
)
EXAMPLE_CLAIMS = (
    ("Crews reopened the quay at Okkerby overnight", ("", "overnight", "", "certain")),
    ("about 400 homes had lost power", ("Ines Brandt", "Tuesday", "about 400 homes", "certain")),
    ("The storm may return on Friday", ("the weather office", "Friday", "", "possible")),
)
ATTRIBUTES = ("speaker", "time", "quantity", "certainty")

Json = dict[str, Any]
Peer = Any  # langextract and what it makes: it is not there where types are checked
Bounds = tuple[int, int]


@dataclass(frozen=True)
class Found:
    """An extraction: its text, its place in the article if it has one, and its attributes."""

    text: str
    place: Bounds | None
    attributes: Mapping[str, str]


@dataclass(frozen=True)
class Reading:
    """What langextract made of one article; ``lost`` chunks had answers that it could not read."""

    found: tuple[Found, ...]
    lost: int
    seconds: float


class Omissions(logging.Handler):
    """Counts the chunks that langextract says it left out."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count ``record`` if it is about a chunk left out."""
        self.count += record.getMessage().startswith("Chunk omitted")


def main(only: Sequence[str]) -> None:
    """Read and score the cases named, or all; print a line for each and keep the figures.

    Raises:
        ConfigError: langextract or the embedded model is not there, or a case is unknown.
    """
    cases = _chosen(only)
    peer = _langextract()
    server = local_server("local")
    rows: list[Json] = []
    scores: list[CaseScore] = []
    for case in cases:
        reading = _read(peer, server, case.article.text)
        claims = as_claims(case, reading.found)
        scores.append(score_case(case, claims))
        rows.append(_row(case, reading, claims, scores[-1]))
        _print(rows[-1])
        _write(server.model, rows, scores)


def _chosen(only: Sequence[str]) -> list[Case]:
    cases = {case.id: case for case in load_cases(zones=segmented)}
    if unknown := [name for name in only if name not in cases]:
        raise ConfigError(f"There is no case {', '.join(unknown)}; there are {', '.join(cases)}.")
    return [cases[name] for name in only] or list(cases.values())


def _langextract() -> Peer:
    try:
        importlib.import_module("openai")  # its provider imports it only when it is used
        return importlib.import_module("langextract")
    except ImportError as error:
        raise ConfigError(INSTALL) from error


def _read(peer: Peer, server: LocalServer, text: str) -> Reading:
    """Put ``text`` through langextract."""
    with _omissions() as omissions:
        began = time.monotonic()
        document = peer.extract(
            text_or_documents=text,
            prompt_description=PROMPT,
            examples=[_example(peer)],
            config=_config(peer, server),
            max_char_buffer=CHUNK,
            max_workers=SLOTS,
            show_progress=False,
        )
        seconds = time.monotonic() - began
    return Reading(tuple(map(_found, document.extractions or ())), omissions.count, seconds)


@contextmanager
def _omissions() -> Generator[Omissions]:
    logger, omissions = logging.getLogger("absl"), Omissions()
    logger.addHandler(omissions)
    try:
        yield omissions
    finally:
        logger.removeHandler(omissions)


def _config(peer: Peer, server: LocalServer) -> Peer:
    return peer.factory.ModelConfig(
        model_id=server.model,
        provider="OpenAILanguageModel",
        provider_kwargs={
            "base_url": server.base_url,
            "api_key": server.api_key,
            "temperature": 0.0,
            "max_workers": SLOTS,
            "max_output_tokens": MAX_TOKENS,
        },
    )


def _example(peer: Peer) -> Peer:
    claims = [
        peer.data.Extraction("claim", words, attributes=dict(zip(ATTRIBUTES, slots, strict=True)))
        for words, slots in EXAMPLE_CLAIMS
    ]
    return peer.data.ExampleData(text=EXAMPLE, extractions=claims)


def _found(extraction: Peer) -> Found:
    interval: Peer = extraction.char_interval
    given: Mapping[str, object] = extraction.attributes or {}
    attributes = {n: v.strip() for n, v in given.items() if isinstance(v, str) and v.strip()}
    place = (int(interval.start_pos), int(interval.end_pos)) if interval else None
    return Found(str(extraction.extraction_text), place, attributes)


def as_claims(case: Case, found: Iterable[Found]) -> tuple[Claim, ...]:
    """The grounded extractions as claims, each once, in their order."""
    document = segment(case.article.text, case.article.language)
    dated = case.article.published_at or document.date
    claims = [claim for each in found if (claim := _claim(document, each, dated))]
    return tuple({claim.id: claim for claim in claims}.values())


def _claim(document: Document, found: Found, dated: datetime | None) -> Claim | None:
    """The extraction as a claim; None if it touches no sentence of the article."""
    sentences = _touched(document, found.place) if found.place else []
    if not found.place or not sentences or not found.text.strip():
        return None
    text, evidence = document.text, tuple(s.span for s in sentences)
    says = modality(found.text)
    subject, predicate, rest = _clause(found.text)
    quantities, quote = _quantities(found), _quote(text, found.place, evidence)
    draft = Claim(
        id="",
        kind=kind_of_clause(predicate, rest or "", bool(quantities), quote is not None, says),
        statement=found.text,
        subject=subject,
        predicate=predicate,
        object=rest,
        evidence=evidence,
        sources=_sources(text, found, evidence),
        quote=quote,
        quantities=quantities,
        time=_time(found, dated),
        place=find_place(text, [found.place]),
        negated=says.negated,
        certainty=_certainty(found),
        hedge=says.hedge,
        zone=sentences[0].zone,
    )
    identity = hashlib.sha256(draft.model_dump_json().encode()).hexdigest()[:16]
    return draft.model_copy(update={"id": identity})


def _touched(document: Document, place: Bounds) -> list[Sentence]:
    start, end = place
    return [s for s in document.sentences if s.span.start < end and start < s.span.end]


def _clause(text: str) -> tuple[str, str, str | None]:
    """Subject, predicate and object of what ``text`` says, without its teller."""
    told = max(passages(text, 0, len(text)), key=lambda p: p.end - p.start, default=None)
    for words in (text[told.start : told.end] if told else text, text):
        if clauses := parse(words):
            chosen = next((c for c in clauses if c.stands), clauses[0])
            parts = (chosen.subject, chosen.verb, chosen.object)
            subject, predicate, rest = (words[start:end] for start, end in parts)
            return subject, predicate, rest or None
    first, _, rest = text.strip().partition(" ")
    return first, rest, None


def _quantities(found: Found) -> tuple[Quantity, ...]:
    named = found.attributes.get("quantity", "")
    return tuple(q.quantity for q in find_quantities(found.text) or find_quantities(named))


def _time(found: Found, dated: datetime | None) -> Time | None:
    named = found.attributes.get("time", "")
    times = find_times(found.text, dated) or find_times(named, dated)
    return times[0].time if times else None


def _quote(text: str, place: Bounds, evidence: Sequence[Span]) -> Span | None:
    """The longest quotation of the evidence that the extraction's place touches."""
    quotes = find_quotes(text, evidence[0].start, evidence[-1].end)
    touched = [q for q in quotes if q.start < place[1] and place[0] < q.end]
    return max(touched, key=lambda q: q.end - q.start, default=None)


def _sources(text: str, found: Found, evidence: Sequence[Span]) -> tuple[Source, ...]:
    """The speaker as the article writes it; none if it does not."""
    place = next(occurrences(text, found.attributes.get("speaker", "")), None)
    if place is None:
        return ()
    name = text[slice(*place)]
    return (Source(name=name, kind=kind_of(name), cue=_cue(text, name, evidence)),)


def _cue(text: str, name: str, evidence: Sequence[Span]) -> str | None:
    """The reporting word that the evidence has for the teller called ``name``."""
    told = (p for span in evidence for p in passages(text, span.start, span.end))
    tellers = (source for passage in told for source in passage.sources)
    return next((t.cue for t in tellers if name in t.name or t.name in name), None)


def _certainty(found: Found) -> Certainty:
    named = found.attributes.get("certainty", "").lower()
    return Certainty(named) if named in list(Certainty) else Certainty.UNKNOWN


def _row(case: Case, reading: Reading, claims: Sequence[Claim], score: CaseScore) -> Json:
    return {
        "case": case.id,
        "seconds": round(reading.seconds, 1),
        "extractions": len(reading.found),
        "grounded": sum(found.place is not None for found in reading.found),
        "lost_chunks": reading.lost,
        "claims": len(claims),
        **_scores([score]),
        "found": [vars(found) for found in reading.found],
    }


def _scores(scores: Sequence[CaseScore]) -> dict[str, float]:
    values = summary(scores)
    return {name: round(values[name], 3) for name in SCORES}


def _print(row: Json) -> None:
    figures = (f"{name} {value}" for name, value in row.items() if name not in ("case", "found"))
    print(f"{row['case']}: {', '.join(figures)}", flush=True)


def _write(model: str, rows: Sequence[Json], scores: Sequence[CaseScore]) -> None:
    report = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cpus": os.cpu_count(),
        },
        "versions": {"python": platform.python_version(), **{p: version(p) for p in PACKAGES}},
        "model": model,
        "all": _scores(scores),
        "cases": list(rows),
    }
    OUT.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _arguments(line: Sequence[str]) -> list[str]:
    parser = argparse.ArgumentParser(prog="python -m evals.bench.langextract_peer")
    parser.add_argument("--only", nargs="+", default=[], metavar="CASE", help="ids of cases")
    return parser.parse_args(line).only


if __name__ == "__main__":
    try:
        main(_arguments(sys.argv[1:]))
    except ConfigError as problem:
        sys.exit(str(problem))

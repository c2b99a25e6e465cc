"""A peer on the same model: langextract, scored like the extractor.

Run it as ``python -m evals.bench.langextract_peer [--only CASE…]`` where langextract is installed
beside this package (``pip install --group peer``); no test needs it and the lock does not hold it.
It writes ``langextract.json`` beside this file after each article.

langextract asks the embedded model through its OpenAI provider, with the schema that it makes of
its example, 1,000 characters of the article at a time, four calls at once (as many as the server
has slots), at temperature 0, for claims with their speaker, time, quantity and certainty. The
longest answer is what the slot leaves beside the prompt; one that ends there is left out by
langextract itself and counted here as a lost chunk.

What it finds becomes claims as ``peer_claims`` says. That mapping does much of the work by itself,
so every sentence of the article, put through it with no model at all, is scored beside.
"""

import argparse
import importlib
import json
import logging
import os
import platform
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from evals.bench.peer_claims import Found, as_claims, every_sentence
from evals.dataset import Case, load_cases
from evals.metrics import summary
from evals.run import segmented
from evals.score import CaseScore, score_case
from extractor import ConfigError
from extractor.local import SLOTS, LocalServer, local_server

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
    for case in cases:
        row = _row(case, _read(peer, server, case.article.text))
        _print(row)
        _write(server.model, row)


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


def _row(case: Case, reading: Reading) -> Json:
    claims = as_claims(case, reading.found)
    return {
        "case": case.id,
        "date": datetime.now(UTC).date().isoformat(),
        "seconds": round(reading.seconds, 1),
        "extractions": len(reading.found),
        "grounded": sum(found.place is not None for found in reading.found),
        "lost_chunks": reading.lost,
        "claims": len(claims),
        **_scores([score_case(case, claims)]),
        "every_sentence": _scores([score_case(case, as_claims(case, every_sentence(case)))]),
        "found": [vars(found) for found in reading.found],
    }


def _scores(scores: Sequence[CaseScore]) -> dict[str, float]:
    values = summary(scores)
    return {name: round(values[name], 3) for name in SCORES}


def _print(row: Json) -> None:
    figures = (f"{name} {value}" for name, value in row.items() if name not in ("case", "found"))
    print(f"{row['case']}: {', '.join(figures)}", flush=True)


def _write(model: str, row: Json) -> None:
    """Put ``row`` beside those that the same versions found for other cases."""
    versions = {"python": platform.python_version(), **{p: version(p) for p in PACKAGES}}
    kept: Json = json.loads(OUT.read_text(encoding="utf-8")) if OUT.exists() else {}
    same = (kept.get("versions"), kept.get("model")) == (versions, model)
    before: list[Json] = kept["cases"] if same else []
    rows = {each["case"]: each for each in [*before, row]}
    processor = platform.processor() or platform.machine()
    report = {
        "machine": {"processor": processor, "cpus": os.cpu_count()},
        "versions": versions,
        "model": model,
        "summaries": _summaries(rows),
        "cases": list(rows.values()),
    }
    OUT.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _summaries(rows: Mapping[str, Json]) -> Json:
    """The scores of each slice over the cases that were read, worked out anew from the findings."""
    cases = [case for case in load_cases(zones=segmented) if case.id in rows]
    slices: dict[str, list[CaseScore]] = {}
    for case in cases:
        found = [
            Found(f["text"], _place(f["place"]), f["attributes"]) for f in rows[case.id]["found"]
        ]
        slices.setdefault(case.group, []).append(score_case(case, as_claims(case, found)))
    return {name: {"cases": len(scores), **_scores(scores)} for name, scores in slices.items()}


def _place(given: Sequence[int] | None) -> tuple[int, int] | None:
    return (given[0], given[1]) if given else None


def _arguments(line: Sequence[str]) -> list[str]:
    parser = argparse.ArgumentParser(prog="python -m evals.bench.langextract_peer")
    parser.add_argument("--only", nargs="+", default=[], metavar="CASE", help="ids of cases")
    return parser.parse_args(line).only


if __name__ == "__main__":
    try:
        main(_arguments(sys.argv[1:]))
    except ConfigError as problem:
        sys.exit(str(problem))

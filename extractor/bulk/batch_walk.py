"""The walk of an article over answers that are kept: what is not answered yet is noted instead."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from extractor.ask.claims import TOKENS_PER_SENTENCE
from extractor.batch_wire import QUESTIONS
from extractor.bulk.batch_ledger import ANSWERED, UNANSWERED, Answer, Noted
from extractor.bulk.batch_results import fault_of
from extractor.bulk.estimate import CHARACTERS_PER_TOKEN, OUTPUT_TOKENS_PER_SENTENCE
from extractor.bulk.ledger import Dead
from extractor.bulk.outcome import UNEXPECTED, UNREADABLE, Settled, outcome
from extractor.core import kit_for, walk
from extractor.errors import ModelUnavailable
from extractor.faults import Fault, FaultError
from extractor.loose import parsed
from extractor.model import Meter
from extractor.prices import price_of, priced
from extractor.queueing import Wire
from extractor.settings import Settings
from prompts import Prompt
from schemas import Article, Extraction, Usage

# Of the tokens that an answer may take, those that the gold claims of ten articles took.
OUTPUT_SHARE = OUTPUT_TOKENS_PER_SENTENCE / TOKENS_PER_SENTENCE
NOT_YET = "This question is still to be sent."
NEVER = "Several batches in a row ended without an answer: try again later."


@dataclass
class _Walk:
    """One walk: what is answered, how often each body was asked, and what is still to be asked."""

    key: bytes
    answers: Mapping[bytes, Answer]
    asked: Counter[bytes] = field(default_factory=Counter[bytes])
    noted: list[Noted] = field(default_factory=list[Noted])


class Walker:
    """Walks articles, one at a time, as they are walked when each call is sent at once.

    So windows, halves of them, second tries and checks are the same; only the wait is longer.
    """

    def __init__(self, settings: Settings, prompt: Prompt) -> None:
        from extractor.llm import through  # takes a second or two

        model = through(settings.model, self._post)
        self._kit = kit_for(settings, model, prompt, settings.concurrency, paced=True)
        self._price = price_of(settings, by_batch=True)
        self._walk = _Walk(b"", {})

    async def walk(
        self, key: bytes, article: Article, answers: Mapping[bytes, Answer]
    ) -> Settled | list[Noted]:
        """What becomes of the article with this key, or what must be asked before that is known.

        Raises:
            ConfigError: the answers say that no question of this kind is taken.
        """
        self._walk = _Walk(key, answers)
        found, usage = await outcome(key, article, self._extract)
        is_final = isinstance(found, Dead) and found.reason in {UNEXPECTED, UNREADABLE}
        return (found, usage) if is_final or not self._walk.noted else self._walk.noted

    async def _extract(self, article: Article) -> Extraction:
        extraction = await walk(article, self._kit)
        usage = priced(extraction.usage, self._price)
        return extraction.model_copy(update={"usage": usage})

    async def _post(self, wire: Wire, meter: Meter) -> object:
        # Not with sorted keys: a model fills a schema in its order, and reads it so.
        text = json.dumps(wire, ensure_ascii=False, separators=(",", ":"))
        body = text.encode()
        key = self._key(body)
        answer = self._walk.answers.get(key)
        if answer is None:
            size = len(line(key, body))
            self._walk.noted.append(Noted(key, body, size, self._cost(len(text), wire)))
            raise FaultError(Fault(ModelUnavailable(NOT_YET)))
        meter.sent()
        return _read(answer, meter)

    def _key(self, body: bytes) -> bytes:
        """The key of a question: of this article, and of how often it has asked the same before."""
        digest = hashlib.sha256(body).digest()
        self._walk.asked[digest] += 1
        tries = self._walk.asked[digest].to_bytes(4, "big")
        return hashlib.sha256(self._walk.key + digest + tries).digest()

    def _cost(self, characters: int, wire: Wire) -> float:
        """About what a question costs, in US dollars; nothing where no price is known."""
        if self._price is None:
            return 0.0
        most = wire.get("max_completion_tokens") or wire.get("max_tokens") or 0
        read = round(characters / CHARACTERS_PER_TOKEN)
        return self._price.cost(Usage(input_tokens=read, output_tokens=round(most * OUTPUT_SHARE)))


def _read(answer: Answer, meter: Meter) -> object:
    """The completion's JSON; what is none is raised, as if it had just come from the server."""
    if answer.status == ANSWERED:
        return parsed(answer.body)
    if answer.status == UNANSWERED:
        meter.turned_away()
        raise FaultError(Fault(ModelUnavailable(NEVER)))
    fault = fault_of(answer)
    if fault.limit is not None:
        meter.turned_away()
    raise FaultError(fault)


def line(key: bytes, body: bytes) -> bytes:
    """A question as a line of the file that is uploaded; its key in hex is its ``custom_id``."""
    head = {"custom_id": key.hex(), "method": "POST", "url": QUESTIONS}
    return json.dumps(head)[:-1].encode() + b', "body": ' + body + b"}\n"

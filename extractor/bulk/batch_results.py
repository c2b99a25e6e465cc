"""The result files of a batch, line by line: in any order, cut short, with lines of any shape."""

import json
from collections.abc import Iterator
from typing import BinaryIO

from extractor.batch_wire import error_in, fault_of_error
from extractor.bulk.batch_ledger import Answer
from extractor.errors import ExtractorError, ModelUnavailable
from extractor.faults import Fault
from extractor.loose import Json, number_in, object_in, parsed, string_in
from extractor.transport import BODY_LIMIT

# Not answers: the batch ended before these questions had their turn.
NO_TURN = frozenset({"batch_expired", "batch_cancelled"})
NO_STATUS = 500  # for an error that has none: what is not known by its code is asked again
OF_ACCOUNT = frozenset({401, 403, 404})
STATUSES = range(200, 600)


def answers_in(file: BinaryIO) -> Iterator[Answer]:
    """What the lines of a result file say; lines that say nothing are passed over."""
    while given := file.readline(BODY_LIMIT):
        if given.endswith(b"\n") or len(given) < BODY_LIMIT:
            if answer := _answer(parsed(given)):
                yield answer
        else:
            while (rest := file.readline(BODY_LIMIT)) and not rest.endswith(b"\n"):
                pass


def _answer(said: Json) -> Answer | None:
    key = _key(said.get("custom_id"))
    if key is None:
        return None
    response, error = object_in(said.get("response")), object_in(said.get("error"))
    if response:
        status = number_in(response.get("status_code"))
        known = NO_STATUS if status is None or status not in STATUSES else status
        return Answer(key, 200 if 200 <= known < 300 else known, _json(response.get("body")))
    if error and error.get("code") not in NO_TURN:
        return Answer(key, NO_STATUS, _json({"error": error}))
    return None


def _key(custom_id: object) -> bytes | None:
    try:
        return bytes.fromhex(string_in(custom_id) or "") or None
    except ValueError:
        return None


def _json(body: object) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()  # in ASCII: it may hold half characters


def refusal_of_account(answer: Answer) -> ExtractorError | None:
    """Why the provider answers nobody with this key, if that is what it says.

    It is no answer to the question, which is to be asked again when that has been mended.
    """
    fault = fault_of(answer)
    if answer.status in OF_ACCOUNT or (fault.stop and isinstance(fault.error, ModelUnavailable)):
        return fault.error
    return None


def fault_of(answer: Answer) -> Fault:
    """What an answer that is no completion comes to."""
    return fault_of_error(answer.status, error_in(answer.body))

"""How an extraction ended: its status, what it covered, and the error to raise for a failure."""

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.errors import ModelError, ModelRefused, ModelUnavailable, OutputInvalid
from extractor.faults import Filtered, Truncated
from extractor.segment import Document
from extractor.window import Window
from schemas import Claim, Coverage, Extraction, FailedWindow, Status

STATUSES: tuple[tuple[type[Exception], Status], ...] = (
    (Filtered, Status.FILTERED),
    (Truncated, Status.TRUNCATED),
    (ModelRefused, Status.REFUSED),
    (OutputInvalid, Status.INVALID),
    (ModelUnavailable, Status.UNAVAILABLE),
)
RAISED: dict[Status, type[ModelError]] = {
    Status.REFUSED: ModelRefused,
    Status.FILTERED: ModelRefused,
    Status.TRUNCATED: OutputInvalid,
    Status.INVALID: OutputInvalid,
    Status.UNAVAILABLE: ModelUnavailable,
}
AGAIN = "When asked again what was missed: "


@dataclass(frozen=True)
class Failure:
    """A window that got no usable answer, and the error that says why."""

    window: Window
    error: Exception


def status_of(failures: Sequence[Failure], answered: int) -> Status:
    """``ok`` without failures, ``partial`` beside answers, else what the first failure was."""
    if not failures:
        return Status.OK
    if answered:
        return Status.PARTIAL
    error = failures[0].error
    return next((s for kind, s in STATUSES if isinstance(error, kind)), Status.UNAVAILABLE)


def coverage(
    document: Document,
    claims: Sequence[Claim],
    failures: Sequence[Failure],
    unasked: Sequence[Failure] = (),
) -> Coverage:
    """Which sentences that could carry claims did, and which windows failed.

    ``unasked`` were answered once and not when asked again: no failure of the extraction.
    """
    able = [s.span for s in document.sentences if s.can_claim]
    starts = sorted(e.start for c in claims for e in c.evidence)
    covered = [s for s in able if any(s.start <= at < s.end for at in starts)]
    failed = (*map(_failed, failures), *(_failed(f, AGAIN) for f in unasked))
    uncovered = tuple(s for s in able if s not in covered)
    return Coverage(sentences=len(able), covered=len(covered), uncovered=uncovered, failed=failed)


def _failed(failure: Failure, when: str = "") -> FailedWindow:
    window = failure.window
    return FailedWindow(start=window.start, end=window.end, reason=f"{when}{failure.error}")


def raise_for_status(extraction: Extraction) -> Extraction:
    """The extraction itself if it is ``ok`` or ``partial``.

    Raises:
        ModelUnavailable: the model did not answer: try later.
        ModelRefused: the model or a content filter will not answer for this text.
        OutputInvalid: nothing usable was answered, or it did not fit.
    """
    error = RAISED.get(extraction.status)
    if error:
        failed = extraction.coverage.failed
        raise error(failed[0].reason if failed else f"The extraction ended {extraction.status}.")
    return extraction

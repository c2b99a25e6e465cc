"""Keeps the SDKs' log records of this package's own calls out of the caller's log."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

CHATTY = ("instructor", "instructor.v2.retry", "openai._base_client", "httpx2")

_asking = ContextVar("_asking", default=False)


@contextmanager
def hushed() -> Generator[None]:
    """Within, in this task: the SDKs log failures with the answer's text, and addresses."""
    asking = _asking.set(True)
    try:
        yield
    finally:
        _asking.reset(asking)


def _is_welcome(record: logging.LogRecord) -> bool:
    return record.levelno < logging.INFO or not _asking.get()


for _name in CHATTY:
    logging.getLogger(_name).addFilter(_is_welcome)

"""How the ``extractor`` command ends and complains: exit codes, and lines on standard error."""

import sys
from enum import IntEnum


class Exit(IntEnum):
    """Of several that apply to a run that went through, the highest is given."""

    OK = 0
    INCOMPLETE = 1
    USAGE = 2
    UNREADABLE = 3
    INTERRUPTED = 130
    PIPE_CLOSED = 141


MEANINGS = {
    Exit.OK: "everything was extracted, or verified, or is ready",
    Exit.INCOMPLETE: "an extraction is partial or failed, or a result does not hold",
    Exit.USAGE: "usage, settings, key or installation must be mended first",
    Exit.UNREADABLE: "an input could not be read; the other files were extracted",
    Exit.INTERRUPTED: "Ctrl-C; finished articles are printed, and written to --out",
    Exit.PIPE_CLOSED: "the reader of standard output went away",
}
EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {text}" for code, text in MEANINGS.items())


def complain(message: str) -> None:
    """One line on standard error, whatever is in ``message``."""
    line = "".join(char if char.isprintable() else "?" for char in message)
    print(f"extractor: {line}", file=sys.stderr, flush=True)

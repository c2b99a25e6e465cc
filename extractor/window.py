"""Runs of sentences that fit a model; a window that proves too large is halved."""

from collections.abc import Iterator
from dataclasses import dataclass

from extractor.segment import Document, Sentence


@dataclass(frozen=True)
class Window:
    """Neighbouring sentences that may carry claims."""

    sentences: tuple[Sentence, ...]

    @property
    def start(self) -> int:
        """Offset of the first sentence."""
        return self.sentences[0].span.start

    @property
    def end(self) -> int:
        """Offset behind the last sentence."""
        return self.sentences[-1].span.end


def windows(document: Document, size: int) -> Iterator[Window]:
    """Windows of at most ``size`` characters, or one sentence; boilerplate is in none."""
    run: list[Sentence] = []
    for sentence in document.sentences:
        if not sentence.can_claim:
            continue
        if run and sentence.span.end - run[0].span.start > size:
            yield Window(tuple(run))
            run = []
        run.append(sentence)
    if run:
        yield Window(tuple(run))


def halves(window: Window) -> tuple[Window, ...]:
    """The window in two; nothing where it is a single sentence."""
    middle = len(window.sentences) // 2
    if not middle:
        return ()
    return Window(window.sentences[:middle]), Window(window.sentences[middle:])

"""Two prompts, one mechanism: a window of sentences becomes a question, its answer candidates."""

from extractor.ask.claims import CLAIMS_STYLE
from extractor.ask.clauses import CLAUSES_STYLE
from extractor.ask.style import Judged, Style
from prompts import CLAIMS, CLAUSES

STYLES: dict[str, Style] = {CLAIMS: CLAIMS_STYLE, CLAUSES: CLAUSES_STYLE}

__all__ = ["STYLES", "Judged", "Style"]

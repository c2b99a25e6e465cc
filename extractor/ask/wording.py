"""Words of the article as a sentence, and a verb as a key to compare claims by."""

import re

from extractor.text import clean

MODALITY = re.compile(
    r"\b(?:ca|wo|sha)n['’]t\b|\b(?:not|never|no longer|would|will|may|might|could|can|should"
    r"|shall|must|cannot|reportedly|likely)\b|\b(?:do|does|did)(?=n['’]t\b| not\b)|n['’]t\b",
    re.IGNORECASE,
)


def bare(verb: str) -> str:
    """The verb without negation and modality.

    A quotation mark inside it ("had “vacated") parts the quoted verb from the article's helper.
    """
    quoted = re.split(r"[“”\"‘]", verb)[-1]
    return " ".join(MODALITY.sub(" ", quoted).split()) or quoted


def sentence(words: str) -> str:
    """``words`` with a capital and a full stop; a mark that its quote does not close is dropped."""
    words = clean(words).strip(" ,;:—–-")
    for opening, closing in ("“”", "()"):
        if words.count(opening) != words.count(closing):
            words = words.replace(opening, "").replace(closing, "")
    if words.count('"') % 2:
        words = words.replace('"', "")
    ended = words if words[-1:] in tuple('.!?”"') else words + "."
    return ended[:1].upper() + ended[1:]

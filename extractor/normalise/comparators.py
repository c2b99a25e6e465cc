"""The words before or after a figure that bound it: "up to", "or more", "nearly"."""

import re

from extractor.normalise.numbers import GAP

_REACH = 48
_MORE = "(?:more|greater|higher|larger|older) than"
_LESS = "(?:fewer|less|lower|smaller|younger) than"
_DEGREE = "(?:(?:well|far|just|slightly|considerably|significantly|substantially|many|a little) )?"
_ROUGHLY = (
    "about|around|roughly|approximately|some|(?:an )?estimated|nearly|almost|close to|circa"
    "|very nearly|not far off"
)
_BOUNDS = {
    "range": "between|(?:ranging|ranged?|ranges|anywhere|varying) from",
    "at_most": (
        f"up to|at(?: the)? most|(?:no|not) {_MORE}|(?:a )?maximum (?:of)?"
        "|as (?:much|many|high) as|≤"
    ),
    "at_least": (
        f"at(?: the)? least|(?:no|not) {_LESS}|(?:a )?minimum (?:of)?|upwards? of"
        "|as (?:few|little|low) as|≥"
    ),
    "more_than": (
        rf"{_DEGREE}(?:{_MORE}|(?<!ed )(?<!took )over|above|in excess of)"
        "|exceed(?:s|ed|ing)?|topp(?:ed|ing)|>"
    ),
    "less_than": f"{_DEGREE}(?:{_LESS}|under|below)|<",
    "about": f"{_ROUGHLY}|~",
}
_LEAD = re.compile(
    rf"(?<![\w-])(?:{'|'.join(f'(?P<{name}>{words})' for name, words in _BOUNDS.items())})"
    rf"(?: (?:{_ROUGHLY}))?(?: (?:the|a further|another|even))? ?\Z"
)
# Most figures have no such words; looking at the last ones first spares the search.
_ENDS = (
    "up to |most |least |than |mum of |maximum |minimum |wards of |upward of |excess of |as |over |"
    "above |under |below |ing from |ged from |ge from |ges from |where from |between |exceed |"
    "exceeds |exceeded |exceeding |topped |topping |about |around |roughly |approximately |some |"
    "estimated |nearly |almost |close to |circa |far off |the |further |another |even |<|>|≤|≥|~"
)
_LAST_WORDS = tuple(_ENDS.split("|"))
_TRAIL = re.compile(
    rf"(?P<at_least>\+|[-‐‑]plus\b|{GAP}or{GAP}more\b|{GAP}and{GAP}(?:above|over|upwards)\b"
    rf"|{GAP}at{GAP}(?:the{GAP})?least\b)"
    rf"|(?P<at_most>{GAP}(?:or{GAP}(?:fewer|less)|at{GAP}(?:the{GAP})?most)\b)"
    rf"|(?P<about>[-‐‑]odd\b|{GAP}or{GAP}(?:so|thereabouts)\b)|(?P<exact>[-‐‑]strong\b)",
    re.IGNORECASE,
)


def lead(text: str, floor: int, at: int) -> re.Match[str] | None:
    """The bounding words that end right before ``at``, none of them before ``floor``.

    ``lastgroup`` is the comparator's name; the length of the match is that of the words in the
    text, but not its offsets.
    """
    before = text[max(floor, at - _REACH) : at].lower().replace("\n", " ").replace("\u00a0", " ")
    return _LEAD.search(before) if before.endswith(_LAST_WORDS) else None


def trail(text: str, at: int, end: int) -> re.Match[str] | None:
    """The bounding words that begin at ``at``; ``lastgroup`` is the comparator's name."""
    return _TRAIL.match(text, at, end)

"""Whether the words around a date look forward or back."""

import re

_REACH = 120
_NEAR = 40
_STOP = re.compile(r"[.!?…][\"'”’)\]]*\s|\n\s*\n|[;“]")
# Cues hardly ever open a sentence, and "May" is a month.
_CUE = re.compile(
    r"""\b(?:
    (?P<future>
        (?:will|shall|may|might|must|would|won['’]t)(?!\shave\b)|going\sto|(?:is|are)\sto
      | (?:is|are|was|were|be|been|falls?)\sdue|(?<!had\s)(?<!as\s)expected|expects?
      | scheduled|set\sto|set\s(?:\w+\s){0,3}for|plan(?:s|ned|ning)?\s(?:to|for)|likely\sto
      | forecast\s(?:for|to)|upcoming|(?:hope|aim|intend)(?:s|ed)?\sto|ahead\sof|deadline
      | next(?!\sto\b)
      | expires?|begins|starts|opens|closes|ends|resumes|returns|meets)
  | (?P<past>
        had|was|were|did|didn['’]t|ago|since|already
      | (?:[Ii]t|[Hh]e|[Ss]he|[Tt]hey|[Ww]e|I|who|which|that)\s
        (?!expected|planned|hoped|aimed|intended)(?:\w+ed|forecast))
    )\b | (?P<short>['’]ll)\b""",
    re.VERBOSE,
)
# "Said on Friday" dates the saying; "will be announced on Friday" does not.
_REPORTED = re.compile(
    r"(?<!be\s)(?<!been\s)\b(?:said|told|announced|reported|added|wrote|confirmed|warned|tweeted)"
    r"(?:\s(?!will\b|would\b|that\b)[\w’']+){0,2}\s(?:(?:on|in|late|early|at)\s){0,2}\Z"
)
_DEADLINE = re.compile(r"\b(?:[Bb]y|[Uu]ntil|[Tt]ill)\s(?:the\s)?\Z")


def outlook(text: str, start: int, end: int) -> int:
    """1 if the clause around ``[start, end)`` speaks of the future, -1 of the past, 0 if unclear.

    The nearest cue before the date decides ("will ... on Friday", "said on Friday"); if its
    sentence has none there, the first one after it ("On Friday, he will ...").
    """
    before = _STOP.split(text[max(0, start - _REACH) : start])[-1]
    if _REPORTED.search(before[-_NEAR:]):
        return -1
    cues = list(_CUE.finditer(before))
    nearest = cues[-1] if cues else _CUE.search(_STOP.split(text[end : end + _REACH])[0])
    if nearest is None:
        return 1 if _DEADLINE.search(before[-_NEAR:]) else 0
    return -1 if nearest.lastgroup == "past" else 1

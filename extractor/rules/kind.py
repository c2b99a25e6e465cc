"""What sort of statement a clause is, by its verb and its words."""

import re

from extractor.rules.modality import Modality
from schemas import Kind

BE = re.compile(
    r"(?:^|\b)(?:is|are|was|were|be|been|being|am|remains?|remained)$|['’](?:s|re|m)$",
    re.IGNORECASE,
)
HAVE = re.compile(r"^(?:has|have|had|having)$|^(?:contains?|holds?|owns?)$", re.IGNORECASE)

JUDGEMENT = re.compile(
    r"\b(?:most|best|worst|better|worse|significant|important|hard|difficult|impossible|crucial|key|decisive"
    r"|wrong|right|fair|unfair|good|bad|awful|solid|disappointed|a thousand times)\b",
    re.IGNORECASE,
)
PARTICIPLE = re.compile(r"^\w+(?:ing|ed|en|wn|ght|lt|nt)\b", re.IGNORECASE)


def kind_of_clause(
    predicate: str, rest: str, has_quantity: bool, has_quote: bool, says: Modality
) -> Kind:
    """Prediction before quote before the kinds that the verb decides."""
    if says.prediction:
        return Kind.PREDICTION
    if has_quote:
        return Kind.QUOTE
    last = predicate.split()[-1] if predicate.split() else ""
    stative = bool(BE.search(predicate.strip()) or HAVE.match(last)) and not PARTICIPLE.match(rest)
    if stative and JUDGEMENT.search(rest):
        return Kind.ASSESSMENT
    if stative and has_quantity:
        return Kind.QUANTITY
    return Kind.STATE if stative else Kind.EVENT

"""From the words before a reporting verb to the teller, and from a pronoun to a name."""

import re
from collections.abc import Iterable
from functools import lru_cache

from extractor.patterns import any_of
from extractor.rules.lexicon import PERSON_PRONOUN, PRONOUN

LEADING_ADVERB = re.compile(
    r"^(?:but|and|so|yet|also|however|meanwhile|still|then|later|separately|earlier|though|although"
    r"|while|as|because|when|after|before|since|where|that)\b[\s,]*",
    re.IGNORECASE,
)
RELATIVE = re.compile(
    r"(?P<cut>),?\s+(?:who|which|whose|wearing|holding|speaking|citing|asked|where)\b.*$", re.DOTALL
)
HELPERS = tuple(
    (
        "also later then earlier previously repeatedly reportedly already once had has have was "
        "were is are would did not again first still recently publicly now just will be been being "
        "could can may might"
    ).split()
)
TRAILING = re.compile(rf"[\s,]*\b{any_of(HELPERS)}$", re.IGNORECASE)
FINITE = re.compile(
    r"(?P<cut>)\s+(?:is|are|was|were|has|have|had|will|would|did|do|does|be|but)\b", re.IGNORECASE
)
PRONOUN_HEAD = re.compile(r"\b(?:He|She|They|It|he|she|they|it)(?P<cut>)\s+\w+")
NOT_TELLER = re.compile(
    r"^[‘“\"]|^(?:i|we|you|said|says|against|than|like|compared|who|which|that|what|is|are|was|were|has|have|had|will|would|in|on|at|from|after|before|during|by|with|for|under|over|since|to|of|about|into|until"
    r"|despite|between|among|near|inside|outside|addressing|speaking|asked|while|when|as|if)\b",
    re.IGNORECASE,
)
_TITLES = (
    "leader spokesman spokeswoman spokesperson president minister secretary envoy general capt. "
    "col. governor mayor judge director chief coach manager analyst lawyer professor"
).split()
_CAPITAL_TITLES = "Gen. Brig. Dr Dr. Mr Mr. Mrs Mrs. Ms Ms. Sir Lord executive".split()
TITLE = any_of((*_TITLES, *map(str.capitalize, _TITLES), *_CAPITAL_TITLES))
PERSON = re.compile(
    rf"\b{TITLE}s?,?\s+"
    r"(?P<name>[A-Z][\w'’-]+(?:\s+(?:al-|de |van |bin )?[A-Z][\w'’-]+){0,3})"
)


def teller_bounds(left: str) -> tuple[int, int] | None:
    """Where the teller stands in ``left``, the words of a clause before its reporting verb.

    Appositions ("Ann Lee, the mayor, said"), lead-ins ("In Rome, officials said") and relative
    clauses are left out. ``None`` where the words cannot be a teller.
    """
    start, end = 0, len(left.rstrip())
    while match := _trailing_helper(left[:end]):
        end = match.start()
    start, end = _without_apposition(left, start, end)
    while match := LEADING_ADVERB.match(left[start:end]):
        start += match.end()
    for pattern in (RELATIVE, FINITE, PRONOUN_HEAD):
        if match := pattern.search(left, start, end):
            end = match.start("cut")
    words = left[start:end].split()
    if not words or len(words) > 16 or NOT_TELLER.match(left[start:end]):
        return None
    return start, end


def _trailing_helper(left: str) -> re.Match[str] | None:
    return TRAILING.search(left) if left.lower().endswith(HELPERS) else None


def _without_apposition(left: str, start: int, end: int) -> tuple[int, int]:
    """Cut a closing apposition between commas or dashes, then the lead-in before the teller.

    An apposition that is a name ("the club's chairman, Ann Lee, said") is itself the teller.
    """
    while end > start and left[end - 1] in ",—–-":
        mark = left[end - 1]
        end = start + len(left[start : end - 1].rstrip())
        at = max(left.rfind(f"{mark} ", start, end), left.rfind(f" {mark} ", start, end))
        if at < start:
            break
        if NAME_ONLY.match(left[at:end].strip(" ,—–-")):
            return at + len(left[at:end]) - len(left[at:end].lstrip(" ,—–-")), end
        end = start + len(left[start:at].rstrip())
    if NAME_AFTER.search(left[start:end]):
        return start + left[start:end].rindex(",") + 2, end
    return start + max((m.end() for m in BREAK.finditer(left[start:end])), default=0), end


NAME_ONLY = re.compile(
    r"^(?:Dr\.?\s)?[A-Z][\w'’-]+(?:\s+(?:al-|de |van |bin )?[A-Z][\w'’-]+){1,3}$"
)
NAME_AFTER = re.compile(r"\w,\s(?:Dr\.?\s)?[A-Z][\w'’-]+(?:\s[A-Z][\w'’-]+){1,3}$")
BREAK = re.compile(r"[,;:]\s+|\s[—–]\s|(?<=[a-z]{4}[.!?…])[”\"’]?\s+(?=[A-Z])|[”\"]\s+")


@lru_cache(maxsize=8)
def people(text: str) -> tuple[str, ...]:
    """Names that the text itself marks as people: behind a title, or before an age or a role."""
    found = [m.group("name") for pattern in (PERSON, INTRODUCED) for m in pattern.finditer(text)]
    return tuple(dict.fromkeys(found))


INTRODUCED = re.compile(
    r"(?P<name>[A-Z](?<![\w’-].)[\w’-]+(?:\s+(?:al-|de |van |bin )?[A-Z][\w’-]+){1,2}),\s+"
    r"(?:\d\d\b|(?:an?|the|who|whose|its|his|her|their)\s)"
)


def resolve(name: str, before: str, tellers: Iterable[str], named: tuple[str, ...]) -> str:
    """The teller that a pronoun stands for: the last person named or heard in ``before``.

    Any other name is returned as it is, and so is a pronoun that nothing before it explains.
    """
    if not PRONOUN.match(name):
        return name
    heard = [t for t in tellers if not PRONOUN.match(t)]
    candidates = {t: before.rfind(t) for t in heard}
    if PERSON_PRONOUN.match(name):
        for person in named:
            surname = person.split()[-1].removeprefix("al-")
            for mention in (person, surname):
                at = before.rfind(mention)
                if at >= 0 and at + len(mention) > candidates.get(mention, -1):
                    candidates[mention] = at
    best = max(
        candidates.items(), key=lambda item: (item[1] + len(item[0]), len(item[0])), default=None
    )
    return best[0] if best and best[1] >= 0 else name

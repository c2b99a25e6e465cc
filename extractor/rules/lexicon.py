"""Words that newspapers use to say who says so."""

import re
from functools import lru_cache

from extractor.patterns import any_of
from schemas import SourceKind

SAYING = (
    r"said|says|say|saying|told|tells|tell|telling|added|adds|adding|warned|warns|warn|warning"
    r"|announced|announces|reported|reports|reporting|tweeted|tweets|posted|wrote|writes|writing"
    r"|claimed|claims|claiming|insisted|insists|stated|states|stating|explained|explains"
    r"|explaining|confirmed|confirms|confirming|acknowledged|acknowledges|admitted|admits"
    r"|argued|argues|arguing|alleged|alleges|alleging|testified|testifies|noted|notes|noting"
    r"|recalled|recalls|replied|replies|declared|declares|maintained|maintains|predicted|predicts"
    r"|estimated|estimates|estimating|forecast|forecasts|concluded|concludes|suggested|suggests"
    r"|suggesting|believed|believes|believe|disclosed|discloses|revealed|reveals"
    r"|remarked|observed|cautioned|cautions|conceded|concedes|pointed out|points out|commented"
    r"|described|describes|describing|asserted|asserts|reiterated|vowed|pledged|promised"
    r"|judged|judges|calculated|calculates|calculate|thought|thinks|ruled|found|showed|shows|indicated|indicates|read|reads|joked|quipped|complained|agreed"
).split("|")
SAY = any_of(SAYING)
# Verbs that need "that" (or a colon, or a quote) before what follows is a report.
WEAK = frozenset(
    (
        "judged judges calculated calculates calculate thought thinks announced announces found showed shows indicated indicates ruled agreed read reads "
        "suggested suggests suggesting estimated estimates estimating forecast forecasts "
        "believed believes believe describes described describing promised vowed pledged noted "
        "notes noting observed recalled recalls reveals revealed reports denied denies posted "
        "writing wrote writes claims"
    ).split()
)
NOUN_LIKE = frozenset({"claims", "reports", "estimates", "states", "notes", "forecasts", "warning"})
URGE = r"called on|calls on|urged|urges|ordered|orders|appealed to|appeals to"
PRONOUN = re.compile(r"^(?:he|she|they|it|who)$", re.IGNORECASE)
NOT_A_PERSON = frozenset(
    {SourceKind.ORGANISATION, SourceKind.DOCUMENT_OR_MEDIA, SourceKind.INTELLIGENCE}
)
PERSON_PRONOUN = re.compile(r"^(?:he|she|who)$", re.IGNORECASE)

_HEADS: tuple[tuple[SourceKind, str], ...] = (
    (SourceKind.INTELLIGENCE, r"\bintelligence\b"),
    (
        SourceKind.WITNESS_UNNAMED,
        r"\b(?:witness(?:es)?|residents?|villagers?|locals|survivors?|neighbou?rs?|passers?-?by"
        r"|bystanders?|onlookers?|refugees?|civilians?|(?:wo)?m[ae]n|girl|boy|mother|father"
        r"|relatives?|families|farmers?|passengers?|patients?|fans?|voters?|one)\b",
    ),
    (
        SourceKind.OFFICIAL_UNNAMED,
        r"\b(?:officials?|authorities|commanders?|spokes(?:man|woman|person|people)|police(?:men)?"
        r"|officers?|ministers?|diplomats?|generals?|prosecutors?|investigators?|aides?|lawmakers?"
        r"|government|military|army|rescuers|firefighters|defen[cs]e lawyers?|judges?)\b",
    ),
    (
        SourceKind.DOCUMENT_OR_MEDIA,
        r"\b(?:reports?|statements?|documents?|recordings?|audio|video|newspapers?|agency|tv"
        r"|television|radio|media|filings?|study|survey|poll|data|figures|letter|email|transcript"
        r"|indictment|judgment|ruling|article|website|magazine|prospectus|minutes)\b",
    ),
    (
        SourceKind.UNSPECIFIED,
        r"\b(?:sources?|people|person|some|many|critics|analysts?|experts?|observers?)\b",
    ),
)
_KINDS = tuple((kind, re.compile(words, re.IGNORECASE)) for kind, words in _HEADS)
_ORGANISATION = re.compile(
    r"\b(?:ministry|department|units?|party|bank|company|group|council|commission|committee|court"
    r"|club|association|agency|union|university|institute|organi[sz]ation|network|federation"
    r"|service|office|bureau|foundation|authority|board|fund|inc|plc|ltd|corp|forces?|team"
    r"|coalition|survey|centre|center|hospital|league|isis)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?:[A-Z][\w'’-]+|[A-Z]\.)(?:\s+(?:(?:al|el|ben|bin|de|van|von|der|la|le|du)[\s-])?"
    r"(?:[A-Z][\w'’-]+|[A-Z]\.))*"
)
_TITLE = re.compile(
    r"\b(?:spokes(?:man|woman|person)|president|minister|secretary|gen(?:eral)?|brig|lt|col(?:onel)?"
    r"|capt(?:ain)?|maj(?:or)?|sgt|dr|prof(?:essor)?|mr|mrs|ms|sir|lord|judge|justice|governor|mayor"
    r"|senator|sen|rep|chief|director|envoy|leader|ambassador|king|queen|prince|pope|coach|manager"
    r"|chairman|chairwoman|analyst|economist|lawyer|head)\b\.?",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def kind_of(name: str) -> SourceKind:
    """What sort of teller ``name`` (words of the article) is, by its head words."""
    names = [n for n in _NAME.findall(name) if not _is_opening_word(name, n)]
    if names and _ORGANISATION.search(name) and not _TITLE.search(name):
        return SourceKind.ORGANISATION
    if _names_a_person(name, names):
        return SourceKind.NAMED_PERSON
    for kind, pattern in _KINDS:
        if pattern.search(name):
            return kind
    if _ORGANISATION.search(name) or any(n.isupper() for n in names):
        return SourceKind.ORGANISATION
    return SourceKind.NAMED_PERSON if names else SourceKind.UNSPECIFIED


def can_be(pronoun: str, name: str) -> bool:
    """Whether ``pronoun`` can stand for ``name``: "she" is no institute."""
    if not PERSON_PRONOUN.match(pronoun):
        return True
    return kind_of(name) not in NOT_A_PERSON


def _is_opening_word(name: str, found: str) -> bool:
    return name.startswith(found) and " " not in found and found.lower() in _OPENERS


def _names_a_person(name: str, names: list[str]) -> bool:
    last = name.rstrip(".").split()[-1] if name.split() else ""
    ends_in_name = bool(names) and names[-1].endswith(last)
    if not ends_in_name or _TITLE.search(name):
        return ends_in_name
    full = any(len(n.split()) > 1 and not n.isupper() for n in names)
    return full and not any(pattern.search(name) for _, pattern in _KINDS)


_OPENERS = frozenset(
    (
        "the a an another one two some many most officials witnesses residents police sources "
        "people authorities commanders doctors analysts researchers prosecutors critics elderly "
        "young several both other local senior former other military intelligence"
    ).split()
)

"""Patterns of newspaper English for saying who says so. What each is for stands in attribution."""

import re
from collections.abc import Iterable

from extractor.patterns import any_of
from extractor.rules.lexicon import SAY, SAYING, URGE

NOUNS = (
    r"claim|claims|statement|statements|assertion|assertions|warning|warnings|allegation|allegations"
    r"|announcement|insistence"
)
CALLED = r"called(?= (?:the|it|him|her|them|this|that)\b)"
WITH_CUES = "saying|telling|warning|claiming|adding|insisting"
COMMIT = r"denied|denies|pledged|vowed|promised"


def _first_words(cues: Iterable[str]) -> frozenset[str]:
    return frozenset(cue.split()[0] for cue in cues)


NOUN_WORDS = _first_words(NOUNS.split("|"))
SAYING_WORDS = _first_words(SAYING)
URGING_WORDS = _first_words(f"{URGE}|{COMMIT}|called".split("|"))
WITH_WORDS = _first_words(WITH_CUES.split("|"))
CUE_WORDS = NOUN_WORDS | SAYING_WORDS | URGING_WORDS | WITH_WORDS | {"according"}

ADDRESSEE = (
    r"(?:\s+(?:to\s+)?(?:the\s+)?(?:[A-Z][\w’'.-]*(?:\s+(?:and\s+)?[A-Z][\w’'.-]*)*(?:\s+(?:radio|television|newspaper|news agency))?"
    r"|[a-z]+(?:ers|ors|ists|ents|ees)|parliament|him|her|them|me|us|it"
    r"|(?:a|the|state|local)\s+(?:news\s+)?(?:conference|television|radio|briefing|court|jury|newspaper)))"
)
SETTING = r"(?:,?\s+(?:in|on|at|during|over|by|after|late|early|yesterday|last)\b[^,:;“\"]{1,45}?)"
THAT = r"\s*(?:,\s*)?(?:\bthat\b|\bhow\b|\bwhether\b|:(?!\d)|(?=[“\"‘]))"
CLAUSE_START = (
    r"\s+(?=(?:he|she|it|they|we|there|I|the|a|an|this|these|those|his|her|its|their|our|no|some|many|most|all"
    r"|only|about|around|at\s+least|more\s+than|up\s+to|nearly|almost|two|three|several)\b|[A-Z0-9$£€])"
)
# The spellings are listed: ignoring case would double the cost of the search.
_SPELT = any_of(spelt for cue in SAYING for spelt in (cue, cue.capitalize(), cue.upper()))
CUE = re.compile(rf"\b(?P<cue>{_SPELT})\b")
AFTER_CUE = re.compile(rf"(?P<addressee>{ADDRESSEE})?{SETTING}?(?P<link>{THAT})\s*")
BARE = re.compile(rf"(?P<addressee>{ADDRESSEE})?(?:{CLAUSE_START})")
AUXILIARY = r"(?:(?:have|has|had|also|later|then)\s+)*"
SCENE = (
    rf"{ADDRESSEE}?(?:\s+(?:in|on|at|during|while|as|after|before|by|to|from|when|with|yesterday"
    r"|[A-Z][a-z]+day)\b[^,;:“”\"_]*)?(?=\s*[,.:;]|\s*$)"
)
CLOSED = r"(?:,[”\"’]+|(?<=[_?!.])[,.]?[”\"’]+,?)\s+"
NAMED = r"(?:,\s+[A-Z][\w’-]+(?:\s[A-Z][\w’-]+){1,2},)?"
MEDIAL = re.compile(
    rf",\s+(?P<teller>(?!(?:which|and|but|who)\b)[^,;:_“”\"—]{{1,90}}?{NAMED})\s+{AUXILIARY}(?P<cue>{SAY}){SCENE}(?!\s*:)"
)
QUOTE_END = re.compile(r"[”\"’'],?\s")  # without one, nothing is CLOSED
AFTER_QUOTE = re.compile(
    rf"{CLOSED}(?P<teller>[^;:_“”\"]{{1,140}}?)\s+{AUXILIARY}(?P<cue>{SAY}){SCENE}"
)
INVERTED = re.compile(
    rf"{CLOSED}(?P<cue>said|says|added|wrote|warned|explained|asked)\s+"
    r"(?P<teller>(?:\b[A-Z][a-z]{0,3}\.|[^,;:_“”\".])+(?:,\s+(?:Dr\.?\s+)?[A-Z][\w’-]+\s+[A-Z][\w’-]+(?=[,.]))?)"
    r"(?:,\s+[^,.;“”\"]+)*(?=\s*[.;:]|\s*$|\s*,)"
)
ACCORDING = re.compile(
    r"(?:^|,\s*|\s)(?P<cue>according to)\s+(?P<teller>[^,;:“”\"]+?)(?=,|\.?\s*$|\s+(?:that|which|released|published)\b)",
    re.IGNORECASE,
)
WITH = re.compile(
    rf",?\s+with\s+(?P<teller>[^,;:]{{2,80}}?)\s+(?P<cue>{WITH_CUES})\b"
    rf"(?:{ADDRESSEE}\s+that)?(?:\s+that)?\s+"
)
ADDING = re.compile(
    r",?\s+(?:and\s+|but\s+)?(?P<cue>adding|added|saying|noting|warning|explaining|insisting|claiming|arguing)"
    r"(?:\s+that\b|\s*:|\s+(?=he|she|it|they|there|the)\b)\s*"
)
AND_THAT = re.compile(r",?\s+(?:and|but|or)\s+that\s+")
NOMINAL = re.compile(
    r"(?P<teller>(?:[A-Z][\w-]*\s+)*(?:(?:al-|el-)?[A-Z][\w-]*|officials|authorities))[’']s?\s+"
    rf"(?P<cue>{NOUNS})\s+that\s+"
)
URGING = re.compile(rf"\s(?P<cue>{URGE}|{CALLED}|{COMMIT})\s")
SPACE = re.compile(r"\s+")
SAID_NEXT = re.compile(
    r"(?P<addressee>)\s+(?!(?:in|on|at|by|to|of|with|for|so|yes|no|nothing|during|after|before|from|through|would)\b)(?=\w|[$£€])"
)
PRONOUN_NEXT = re.compile(r"\s+(?:he|she|they|it|we|there)\b")
UNSAID = re.compile(r"\b(?:to|not|n['’]t|would|can|could)\s+$|n['’]t\s+$", re.IGNORECASE)
POSSESSIVE = re.compile(
    r"(?:['’]s?|\b(?:the|a|an|his|her|its|their|of|any|such))\s+$", re.IGNORECASE
)

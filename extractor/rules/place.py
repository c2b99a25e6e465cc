"""Where: the words of the article, scope included ("in and around the city")."""

import re
from collections.abc import Iterable

NAME = r"(?:(?:al|el)[\s-])?[A-Z][\w'’-]*(?:[\s-](?:(?:al|el|de|la|of)[\s-](?:the\s)?)?[A-Z][\w'’-]*){0,3}"
COMMON = (
    r"(?:the\s+(?:[\w’'-]+\s+){0,2}?(?:city|town|village|capital|country|region|province|district|area|outskirts|border"
    r"|front\s+line|port|river|east|west|north|south|streets|neighbou?rhood|hospital|airport|bridge|coast|valley|island)"
    rf"(?:\s+(?:of\s+{NAME}|cent(?:er|re)))?)"
)
PLACE = re.compile(
    r"(?<!\w)(?P<scope>in and around|on the outskirts of|north of|south of|east of|west of|close to|outside|inside|near"
    rf"|across|throughout|in|at|around)\s+(?P<name>{COMMON}|(?:the\s+)?(?:[a-z]+ern\s+|central\s+|eastern\s+)?{NAME})"
)
CALENDAR = re.compile(
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b"
)
WIDE_SCOPES = (
    "in and around",
    "on the outskirts of",
    "north of",
    "south of",
    "east of",
    "west of",
    "close to",
    "outside",
    "near",
)


def find_place(text: str, reach: Iterable[tuple[int, int]]) -> str | None:
    """The first place named in ``reach``; months and weekdays are no places."""
    for start, end in reach:
        for match in PLACE.finditer(text, start, end):
            if not CALENDAR.search(match["name"]):
                keep = match["scope"] in WIDE_SCOPES
                return " ".join((match.group() if keep else match["name"]).split())
    return None

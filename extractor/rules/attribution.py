"""Who says what: a sentence split into passages, each with its chain of tellers."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from extractor.rules.lexicon import NOUN_LIKE, WEAK, kind_of
from extractor.rules.quotes import masked
from extractor.rules.reporting import (
    ACCORDING,
    ADDING,
    AFTER_CUE,
    AFTER_QUOTE,
    AND_THAT,
    BARE,
    CUE,
    CUE_WORDS,
    INVERTED,
    MEDIAL,
    NOMINAL,
    NOUN_WORDS,
    POSSESSIVE,
    PRONOUN_NEXT,
    QUOTE_END,
    SAID_NEXT,
    SAYING_WORDS,
    SPACE,
    UNSAID,
    URGING,
    URGING_WORDS,
    WITH,
    WITH_WORDS,
)
from extractor.rules.tellers import teller_bounds
from extractor.text import letters
from schemas import Source, SourceKind

DEPTH = 3


class Passage(NamedTuple):
    """A stretch of the article and the tellers it is told through, outermost first.

    ``act`` is where the verb of a speech act stands that is told as an event ("urged"): the tellers
    are those of its clause alone.
    """

    start: int
    end: int
    sources: tuple[Source, ...] = ()
    act: int | None = None


def passages(text: str, start: int, end: int) -> tuple[Passage, ...]:
    """Split the sentence ``text[start:end]`` by teller; attributions themselves are left out."""
    found = _split(text, Passage(start, end), DEPTH)
    return tuple(_trimmed(text, p) for p in found if THREE_WORDS.search(text, p.start, p.end))


def _split(text: str, whole: Passage, depth: int) -> Iterator[Passage]:
    words = letters(text[whole.start : whole.end]) if depth else frozenset[str]()
    for cues, rule in RULES:
        parts = None if cues.isdisjoint(words) else rule(text, whole)
        if parts is not None:
            for part in parts:
                deeper = depth - 1 if part.sources != whole.sources or part != whole else 0
                yield from _split(text, part, deeper)
            return
    yield whole


def _told(whole: Passage, text: str, teller: tuple[int, int], cue: str) -> tuple[Source, ...]:
    name = " ".join(text[teller[0] : teller[1]].split())
    return (*whole.sources, Source(name=name, kind=kind_of(name), cue=cue))


def _according(text: str, whole: Passage) -> list[Passage] | None:
    match = ACCORDING.search(masked(text, whole.start, whole.end))
    if not match:
        return None
    at = whole.start
    sources = _told(
        whole, text, (at + match.start("teller"), at + match.end("teller")), match["cue"]
    )
    before = Passage(at, at + match.start(), sources)
    after = Passage(at + match.end(), whole.end, sources)
    return [before, after] if match.start() else [after]


def _trailing(text: str, whole: Passage) -> list[Passage] | None:
    hidden = masked(text, whole.start, whole.end)
    for pattern in (INVERTED, AFTER_QUOTE, MEDIAL) if QUOTE_END.search(hidden) else (MEDIAL,):
        match = pattern.search(hidden)
        if match and match.start() > 1 and match["cue"].lower() not in NOUN_LIKE:
            bounds = teller_bounds(match["teller"])
            if bounds:
                return _around(text, whole, match, bounds)
    return None


def _around(
    text: str, whole: Passage, match: re.Match[str], bounds: tuple[int, int]
) -> list[Passage]:
    """What stands before a closing or medial attribution, and what goes on behind it."""
    base = whole.start + match.start("teller")
    sources = _told(whole, text, (base + bounds[0], base + bounds[1]), match["cue"])
    before = Passage(whole.start, whole.start + match.start(), sources)
    after = Passage(whole.start + match.end(), whole.end, sources)
    if more := ADDING.match(text, after.start, after.end):
        return [before, Passage(more.end(), after.end, _with_cue(sources, more["cue"]))]
    rest = text[after.start : after.end].lstrip(" ,.;:")
    goes_on = rest[:1] in set('“"‘') or re.match(r"(?:and|but|or|because|in an?)\b", rest)
    return [before, after if goes_on else after._replace(sources=whole.sources)]


def _with_cue(sources: tuple[Source, ...], cue: str) -> tuple[Source, ...]:
    """The same tellers, the innermost of them by another reporting word."""
    last = sources[-1]
    return (*sources[:-1], Source(name=last.name, kind=last.kind, cue=cue))


def _with(text: str, whole: Passage) -> list[Passage] | None:
    match = WITH.search(masked(text, whole.start, whole.end))
    if not match:
        return None
    at = whole.start
    sources = _told(
        whole, text, (at + match.start("teller"), at + match.end("teller")), match["cue"]
    )
    return [
        Passage(at, at + match.start(), whole.sources),
        Passage(at + match.end(), whole.end, sources),
    ]


def _leading(text: str, whole: Passage) -> list[Passage] | None:
    hidden = masked(text, whole.start, whole.end)
    for match in CUE.finditer(hidden):
        link = _link(hidden, match)
        bounds = teller_bounds(hidden[: match.start()]) if link else None
        if link and bounds:
            at = whole.start
            teller = (at + bounds[0], at + bounds[1])
            sources = _told(whole, text, teller, match["cue"])
            lead = Passage(at, at + match.start(), whole.sources)
            content = Passage(at + link.end(), whole.end, sources)
            return [*_lead_in(text, lead, teller), *_conjuncts(text, content)]
    return None


def _link(hidden: str, cue: re.Match[str]) -> re.Match[str] | None:
    """What joins a reporting verb to its report; weak verbs need an explicit "that"."""
    before = hidden[: cue.start()]
    if UNSAID.search(before) or (cue["cue"].lower() in NOUN_LIKE and POSSESSIVE.search(before)):
        return None
    if match := AFTER_CUE.match(hidden, cue.end()):
        return match
    word = cue["cue"].lower()
    if word in {"reported", "reports"}:
        return SPACE.match(hidden, cue.end()) if _are_witnesses(before) else None
    bare = (SAID_NEXT if word in {"said", "says"} else BARE).match(hidden, cue.end())
    if not bare or ((word.startswith("tel") or word == "told") and not bare["addressee"]):
        return None
    pronoun = PRONOUN_NEXT.match(hidden, cue.end())
    return bare if word not in WEAK or pronoun else None


def _are_witnesses(before: str) -> bool:
    bounds = teller_bounds(before)
    return bool(bounds) and kind_of(before[slice(*bounds)]) is SourceKind.WITNESS_UNNAMED


def _lead_in(text: str, lead: Passage, teller: tuple[int, int]) -> list[Passage]:
    """What the words around a teller say by themselves: a lead-in or a relative clause."""
    around: list[Passage] = []
    if len(text[lead.start : teller[0]].split()) > 5:
        around.append(Passage(lead.start, teller[0], lead.sources))
    tail = text[teller[1] : lead.end]
    if re.match(r",?\s+who\b|\s+(?:did|was|were|is|has|had)\b", tail) and len(tail.split()) > 3:
        around.append(Passage(teller[0], lead.end, lead.sources))
    return around


def _conjuncts(text: str, content: Passage) -> list[Passage]:
    """The report cut at "…, adding that" (same teller, new cue) and "and that"."""
    hidden = masked(text, content.start, content.end)
    marks = sorted([*ADDING.finditer(hidden), *AND_THAT.finditer(hidden)], key=lambda m: m.start())
    parts: list[Passage] = []
    current = content
    for match in marks:
        cut, resume = content.start + match.start(), content.start + match.end()
        if cut < current.start:
            continue
        parts.append(current._replace(end=cut))
        cue = match.groupdict().get("cue")
        told = _with_cue(current.sources, cue) if cue else current.sources
        current = Passage(resume, content.end, told)
    return [*parts, current]


def _nominal(text: str, whole: Passage) -> list[Passage] | None:
    match = NOMINAL.search(masked(text, whole.start, whole.end))
    if not match:
        return None
    at = whole.start
    teller = (at + match.start("teller"), at + match.end("teller"))
    content = Passage(at + match.end(), whole.end, _told(whole, text, teller, match["cue"]))
    return [Passage(at, teller[0], whole.sources), *_conjuncts(text, content)]


def _urging(text: str, whole: Passage) -> list[Passage] | None:
    """Speech acts that are events themselves ("urged followers to …"): kept whole, with a teller."""
    hidden = masked(text, whole.start, whole.end)
    match = URGING.search(hidden)
    if not match or whole.sources:
        return None
    bounds = teller_bounds(hidden[: match.start()])
    if not bounds:
        return None
    teller = (whole.start + bounds[0], whole.start + bounds[1])
    sources = _told(whole, text, teller, match["cue"])
    return [whole._replace(sources=sources, act=whole.start + match.start("cue"))]


Rule = Callable[[str, Passage], list[Passage] | None]
# In the order in which they are tried; each with the words without any of which it finds nothing.
RULES: tuple[tuple[frozenset[str], Rule], ...] = (
    (frozenset({"according"}), _according),
    (CUE_WORDS, _trailing),
    (WITH_WORDS, _with),
    (NOUN_WORDS, _nominal),
    (SAYING_WORDS, _leading),
    (URGING_WORDS, _urging),
)


JOINING = ("and", "but", "or")
DANGLING = re.compile(rf"[\s,]+(?:{'|'.join(JOINING)})$")
THREE_WORDS = re.compile(r"\w+\W+\w+\W+\w")  # fewer say nothing
EDGE = " \t\r\n,;:—–-"


def _trimmed(text: str, passage: Passage) -> Passage:
    words = text[passage.start : passage.end]
    start = passage.start + len(words) - len(words.lstrip(EDGE + "."))
    end = passage.end - (len(words) - len(words.rstrip(EDGE)))
    if text.endswith(JOINING, start, end) and (loose := DANGLING.search(text, start, end)):
        end = loose.start()
    return passage._replace(start=start, end=max(start, end))

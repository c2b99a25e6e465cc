"""What a number counts: money, a measure, a share, or the noun after it."""

import re
from dataclasses import dataclass

from extractor.normalise.numbers import GAP, SEP
from extractor.normalise.vocabulary import MODIFIERS, PLURALS, SINGULARS, STOP_WORDS, listed

_SYMBOLS = {
    "$": "USD",
    "us$": "USD",
    "a$": "AUD",
    "au$": "AUD",
    "c$": "CAD",
    "ca$": "CAD",
    "nz$": "NZD",
    "hk$": "HKD",
    "s$": "SGD",
    "nt$": "TWD",
    "r$": "BRL",
    "£": "GBP",
    "€": "EUR",
    "¥": "JPY",
    "₹": "INR",
    "₽": "RUB",
    "₩": "KRW",
    "₪": "ILS",
    "₺": "TRY",
    "₦": "NGN",
    "₴": "UAH",
}
_CODES = listed("USD AUD CAD NZD HKD SGD GBP EUR JPY CNY INR RUB CHF SEK NOK DKK PLN ZAR TRY BRL")
_CODE = rf"(?:{'|'.join(_CODES)})"
# Rupees, pesos, crowns and francs belong to several states; their words stay the unit.
_CURRENCIES = {
    "dollar": "USD",
    "us dollar": "USD",
    "american dollar": "USD",
    "australian dollar": "AUD",
    "canadian dollar": "CAD",
    "new zealand dollar": "NZD",
    "hong kong dollar": "HKD",
    "singapore dollar": "SGD",
    "pound": "GBP",
    "euro": "EUR",
    "yen": "JPY",
    "yuan": "CNY",
    "renminbi": "CNY",
    "swiss franc": "CHF",
    "rouble": "RUB",
    "ruble": "RUB",
    "zloty": "PLN",
    "shekel": "ILS",
    "naira": "NGN",
    "hryvnia": "UAH",
}
_MONEY_WORDS = "|".join(w.replace(" ", GAP) for w in sorted(_CURRENCIES, key=len, reverse=True))
_MONEY_BEFORE = re.compile(rf"(?:(?<![^\W\d_])[A-Za-z]{{0,2}}\$|[£€¥₹₽₩₪₺₦₴]|\b{_CODE})[^\S\n]?\Z")
_SHARE = rf"%|(?:per{GAP}?cent|pc)\b|percentage{SEP}points?\b|basis{SEP}points?\b|bps?\b"
_MEASURE = (
    r"(?:km/h|km²|m²|m³|(?:sq[^\S\n])?(?:km|cm|mm|ft|mi)|kg|mg|ml|lbs?|mph|kph|kmh|[kMGT]Wh?|[MGT]B"
    r"|°[CF])(?!\w)"
)
_MARK_AFTER = re.compile(
    rf"(?:(?P<glued>[pcmCF])\b|{SEP}?(?:(?P<share>(?i:{_SHARE}))|(?P<measure>{_MEASURE})"
    rf"|(?P<symbol>[€£$])(?!\d)|(?P<code>{_CODE}\b)"
    rf"|(?P<money>(?i:{_MONEY_WORDS}))(?:s|es)?\b(?!{GAP}of\b)))"
)
_GLUED = {"p": "pence", "c": "cents"}
_SHARES = {"%": "per cent", "pc": "per cent", "bp": "basis points", "bps": "basis points"}

TIME_AFTER = re.compile(
    rf"(?:{GAP}of)?(?:{GAP}an?)?{SEP}(?:(?:more|further|additional|consecutive|straight|successive|full|whole"
    rf"|working|business|calendar|long|short|light){GAP})?"
    r"(?:years?|months?|weeks?|days?|hours?|minutes?|seconds|decades?|century|centuries|nights?"
    r"|fortnights?|weekends?|quarters|mins?|hrs?|yrs?)\b",
    re.IGNORECASE,
)
_WORD = re.compile(rf"({SEP})((?:[^\W\d_]+\.)*[^\W\d_]+(?:[-‐‑'’&][^\W\d_]+)*['’]?)")
_OF = re.compile(
    rf"(?:{GAP}of)?(?:{GAP}(?:all|the|an?|its|their|his|her|our|your|these|those|this|that))?(?={GAP})",
    re.IGNORECASE,
)
_NOT_PLURAL = re.compile(r"(?:ss|us|is|['’]s|s['’])\Z")
_POSSESSIVE = re.compile(r"(?:['’]s|s['’])\Z")


@dataclass(frozen=True)
class Unit:
    """What is counted, and where the words for it stop (a code-point offset)."""

    name: str
    end: int


def money_before(text: str, floor: int, at: int) -> tuple[int, str] | None:
    """Where a currency sign right before ``at`` (from ``floor`` on) begins; its ISO 4217 code."""
    match = _MONEY_BEFORE.search(text, max(floor, at - 4), at)
    if not match:
        return None
    sign = match.group().strip()
    return match.start(), _SYMBOLS.get(sign.lower()) or (sign if sign in _CODES else "USD")


def mark_after(text: str, at: int, end: int) -> Unit | None:
    """A percent sign, a measure or a currency's name right after ``at``."""
    match = _MARK_AFTER.match(text, at, end)
    if not match or not match.lastgroup:
        return None
    mark = " ".join(re.sub("[-‐‑]", " ", match[match.lastgroup]).split())
    return Unit(_mark_name(match.lastgroup, mark), match.end())


def _mark_name(kind: str, mark: str) -> str:
    match kind:
        case "glued":
            return _GLUED.get(mark, mark)
        case "share" if "point" in mark.lower():
            return f"{mark.lower().split()[0]} points"
        case "share":
            return _SHARES.get(mark.lower(), "per cent")
        case "symbol":
            return _SYMBOLS[mark]
        case "money":
            return _CURRENCIES[mark.lower()]
        case _:
            return mark


def noun_after(text: str, at: int, end: int, kind: str) -> Unit | None:
    """The noun phrase after ``at``, to its first plural: "ISIS members" of "ISIS members holed up".

    ``kind``: after "one" only a singular counts; a "fraction" may be of something uncountable; a
    fraction or a "vague" number passes over "of the". None where no noun is recognised: a verb
    without its sentence looks like a noun.
    """
    if kind in {"fraction", "vague"} and (of := _OF.match(text, at, end)):
        at = of.end()
    phrase: list[str] = []
    for _ in range(5):
        match = _WORD.match(text, at, end)
        if not match or _stops(match[2]):
            break
        at = match.end()
        if _POSSESSIVE.search(match[2]):
            phrase.clear()
            continue
        phrase.append(match[2])
        if match[1].strip() or _counts(match[2], kind):
            return Unit(_head(phrase), at)
    return Unit(_head(phrase), at) if kind == "fraction" and 0 < len(phrase) <= 3 else None


def _counts(word: str, kind: str) -> bool:
    return word.lower() in SINGULARS if kind == "one" else _is_plural(word)


def _stops(word: str) -> bool:
    return word.lower() in STOP_WORDS or word.endswith("edly")


def _is_plural(word: str) -> bool:
    if word.lower() in PLURALS:
        return True
    return len(word) > 3 and word[-1] == "s" and not word.isupper() and not _NOT_PLURAL.search(word)


def _head(phrase: list[str]) -> str:
    kept = list(phrase)
    while len(kept) > 1 and kept[0].lower() in MODIFIERS:
        kept.pop(0)
    return " ".join(kept)

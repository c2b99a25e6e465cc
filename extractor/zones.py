"""Which part of the page a paragraph belongs to: headline, caption, body, boilerplate ..."""

import re

from schemas import Zone

TERMINAL = re.compile(r"[.!?…:;][\"'”’»)\]]*$")
HEAD_PARAGRAPHS = 8
NAME = r"(?:[A-Z][\w'’.-]+|[A-Z]\.)"
BYLINE = re.compile(
    rf"^(?:(?:By|Words by|Analysis by)\s+.{{2,60}}|{NAME}(?:\s+(?:al-|de |van |von )?{NAME}){{1,3}}"
    rf"(?:(?:,| and)\s+{NAME}(?:\s+{NAME}){{1,2}})*(?:\s+in\s+{NAME})?)$"
)
# These two are for text in lower case, because a search that ignores case costs more.
CAPTION = re.compile(
    r"^(?:photo(?:graph)?|picture|image|pictured|file (?:photo|picture)|caption)\b\s*[:.]?"
    r"|\((?:reuters|ap|afp|epa|getty(?: images)?|photo.{0,40})\)\.?$"
    r"|\b(?:photograph|photo|picture|image)\s*(?:[:/]|by)\s*[a-z].{0,60}$"
    r"|\bfile (?:photo|picture)\.?$"
)
CAPTION_HINTS = ("photo", "picture", "image", "caption", "(")  # every caption has one
SERVICE = re.compile(
    r"""
    ^(?:please\s+)?(?:register|subscribe|sign\s+(?:up|in)|log\s+in|click|refresh|follow\s+(?:us|the|our)|
        join\s+(?:our|the\s+conversation|thought)|share\s+(?:this|on)|download\s+(?:our|the)|
        read\s+(?:more|next|also)|accept\s+(?:all|cookies)|manage\s+(?:cookies|preferences)|
        get\s+(?:the|our)\b.{0,60}\b(?:inbox|newsletter|briefing|app)|
        thank\s+you\s+for\s+(?:registering|subscribing|signing|reading)|support\s+(?:our|independent))\b
    | \b(?:cookie\s+(?:policy|settings|notice)|privacy\s+(?:policy|notice)|terms\s+(?:of\s+(?:use|service)|and\s+conditions)|
        re-?captcha|all\s+rights\s+reserved|newsletters?\b.{0,80}\b(?:inbox|sign|subscri|registr|email)|
        already\s+have\s+an\s+account|create\s+(?:an|your)\s+account|sign\s+up\s+(?:to|for)\s+(?:our|the)|
        refresh\s+(?:the|your)\s+(?:page|browser)|(?:we|this\s+(?:web)?site)\s+use[sd]?\s+cookies|
        exit\s+mobile\s+version|may\s+earn\s+(?:a\s+)?commission|skip\s+(?:past|to)\s+(?:the\s+)?\w+|
        (?:register|registration)\s+(?:is|for)\s+(?:a\s+)?free|by\s+(?:registering|subscribing|signing|clicking)|
        this\s+article\s+is\s+more\s+than|more\s+than\s+\d+\s+years?\s+old|\d+\s+min(?:ute)?s?\s+read|
        enter\s+your\s+(?:e-?mail|address)|use\s+cookies|cookies\s+(?:on|in|at)\s+(?:your|our|\w+$)|change\s+your\s+(?:mind|choices?|preferences|consent)\b.{0,40}\bsettings|our\s+(?:app|newsletter|journalism|newsroom\s+in)|your\s+(?:inbox|browser|email\s+address|consent|preferences))\b
    | ^(?:©|\(c\)|copyright\b)|©\s*\d{4}
    | ^(?:\(?(?:additional\s+)?(?:reporting|writing|editing|compiled)\s+by\b)
    | ^advertis(?:e|ement)
    """,
    re.VERBOSE,
)
LISTING = re.compile(
    r"^(?:related|most\s+(?:read|popular|viewed)|more\s+(?:on\s+this|from|stories|news)|read\s+(?:more|next|also)|"
    r"you\s+may\s+also|recommended|trending|topics?|tags?|see\s+also|in\s+other\s+news|"
    r"editors?['’]?s?\s+picks?)\b.{0,40}$",
    re.IGNORECASE,
)


def zones(paragraphs: tuple[str, ...], is_date_line: tuple[bool, ...]) -> tuple[Zone, ...]:
    """The zone of each paragraph, by position, typography and the language of web pages.

    ``is_date_line`` says which paragraphs are a date and nothing else. Text inside quotation marks
    is never taken for boilerplate: people say such things too.
    """
    first_body = next((i for i, p in enumerate(paragraphs) if _is_prose(p)), len(paragraphs))
    boilerplate = _boilerplate(paragraphs)
    seen: set[str] = set()
    found: list[Zone] = []
    for i, paragraph in enumerate(paragraphs):
        if boilerplate[i]:
            zone = Zone.BOILERPLATE
        elif is_date_line[i]:
            zone = Zone.BYLINE
        elif i < first_body:
            zone = _head_zone(i, paragraph, found)
        else:
            zone = _body_zone(paragraph)
        repeated = paragraph in seen and zone is not Zone.BODY
        seen.add(paragraph)
        found.append(Zone.BOILERPLATE if repeated else zone)
    return tuple(found)


def _is_prose(paragraph: str) -> bool:
    return bool(TERMINAL.search(paragraph)) and len(paragraph.split()) > 4


def _head_zone(index: int, paragraph: str, before: list[Zone]) -> Zone:
    if Zone.HEADLINE not in before:
        return Zone.HEADLINE
    if index < HEAD_PARAGRAPHS and BYLINE.match(paragraph) and len(paragraph.split()) <= 8:
        return Zone.BYLINE
    if Zone.BYLINE in before or _is_caption(paragraph) or Zone.STANDFIRST in before:
        return Zone.CAPTION
    return Zone.STANDFIRST


def _body_zone(paragraph: str) -> Zone:
    if _is_caption(paragraph):
        return Zone.CAPTION
    words = len(paragraph.split())
    quoted_title = re.fullmatch(r"[‘'“\"].{1,60}[’'”\"]", paragraph)
    if words <= 10 and (quoted_title or not TERMINAL.search(paragraph)):
        return Zone.SUBHEADING
    return Zone.BODY


def _boilerplate(paragraphs: tuple[str, ...]) -> list[bool]:
    """Service texts, the short lines between two of them, and lists of links under a heading."""
    marks = [_is_service(p) for p in paragraphs]
    for i in range(1, len(paragraphs) - 1):
        if marks[i - 1] and marks[i + 1] and not _is_prose(paragraphs[i]):
            marks[i] = True
    listing = False
    for i, paragraph in enumerate(paragraphs):
        if LISTING.match(paragraph) and not _is_prose(paragraph):
            listing = True
        elif _is_prose(paragraph):
            listing = False
        marks[i] = marks[i] or listing
    return marks


def _is_service(paragraph: str) -> bool:
    if re.search(r"“[^”]{20,}|\b(?:said|says|told)\b", paragraph):
        return False
    return bool(SERVICE.search(paragraph.lower()))


def _is_caption(paragraph: str) -> bool:
    words = paragraph.lower()
    return any(hint in words for hint in CAPTION_HINTS) and bool(CAPTION.search(words))

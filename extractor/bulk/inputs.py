"""What a backfill reads: a folder, JSON lines or Parquet, each input an article or a problem."""

import codecs
import gzip
import os
import re
import stat
import zlib
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path, PurePath
from typing import BinaryIO, NamedTuple, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from extractor.bulk.parquet import check_columns, row_count, rows
from extractor.core import checked
from extractor.errors import ArticleError, ConfigError
from extractor.reading import BYTE_LIMIT, READERS, STDIN, standard_input
from schemas import Article

Record = bytes | ArticleError  # the bytes of one article, or why there are none
Found = tuple[str, str, Record]  # where it stands, what format it has
FORMATS = {".txt": "text", ".json": "json", ".html": "html", ".htm": "html"}
LINES = {".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"}
GZIP, PARQUET = ".gz", ".parquet"
NAME_LIMIT = 200
# Control characters, line breaks, what turns the reading direction, lone surrogates.
ILLEGIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
BROKEN = (EOFError, OSError, zlib.error)  # what reading a cut or damaged file raises
DAMAGED = "is cut short or damaged, or is no gzip file"
TOO_LARGE = f"larger than {BYTE_LIMIT // 1_000_000} MB: give one article alone."


class Input(NamedTuple):
    """One input. Either ``article`` or ``problem`` (why it cannot be read, what to do) is there.

    ``position`` counts from 0 in input order. ``name`` is for people: the article's own id, else
    its path in the folder, else "line 17" or "row 17"; at most 200 characters, all legible.
    """

    position: int
    name: str
    article: Article | None = None
    problem: str | None = None


def read_inputs(source: str) -> Iterator[Input]:
    """Read one input after the other; whatever is wrong with one becomes its ``problem``.

    Args:
        source: a folder (.txt, .json, .html and .htm, also with .gz, at any depth, in the order of
            their paths), a .jsonl or .ndjson file (also with .gz), a .parquet file, or ``"-"``:
            JSON lines on standard input.

    Raises:
        ConfigError: at once, if ``source`` itself cannot be read.
    """
    is_folder = os.path.isdir(source)  # noqa: PTH112  Path("") is the working folder
    found = _from_folder(source) if is_folder else _from_file(source)
    return (input_of(position, *each) for position, each in enumerate(found))


def count_inputs(source: str) -> int | None:
    """How many inputs ``read_inputs`` gives, found without parsing them; None for ``"-"``.

    Raises:
        ConfigError: ``source`` cannot be read.
    """
    if source == STDIN:
        return None
    if os.path.isdir(source):  # noqa: PTH112
        return sum(1 for _ in _files(source))
    found = _from_file(source)
    return row_count(Path(source)) if _ending(source) == PARQUET else sum(1 for _ in found)


def input_of(position: int, place: str, kind: str, record: Record) -> Input:
    """What was found at ``place``, as an input: an article, or why it is none."""
    if isinstance(record, ArticleError):
        return Input(position, _name(None, place), problem=str(record))
    try:
        article = checked(READERS[kind](record))
    except ArticleError as error:
        problem = str(error)
    except Exception as error:  # a bug met by one article must not cost the others theirs
        problem = f"This should not happen ({type(error).__name__}): please report it."
    else:
        name = _name(article.id, place)
        known = article if article.id else article.model_copy(update={"id": name})
        return Input(position, name, known)
    return Input(position, _name(_own_id(record), place), problem=problem)


def _name(own: str | None, place: str) -> str:
    """An id or a path on one line; of a long one the middle is left out."""
    name = own if own and own.strip() else place
    if not name.isprintable():  # few are not, and the pattern takes longer
        name = ILLEGIBLE.sub("\ufffd", name)
    half = NAME_LIMIT // 2
    return name if len(name) <= NAME_LIMIT else f"{name[: half - 1]}…{name[-half:]}"


class _Named(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)
    id: str | None = None


def _own_id(record: bytes) -> str | None:
    """The id of what is JSON, though no article."""
    try:
        return _Named.model_validate_json(record).id
    except ValidationError:
        return None


def _from_file(source: str) -> Iterator[Found]:
    if source == STDIN:
        return lines_of(standard_input())
    path = _openable(source)
    if _ending(source) == PARQUET:
        check_columns(path)
        return ((f"row {number}", "json", row) for number, row in enumerate(rows(path), 1))
    if _ending(source) in LINES:
        return _lines_of_file(path)
    raise ConfigError(
        "The source must be a folder, or a file whose name ends in .jsonl, .ndjson (also with "
        ".gz) or .parquet; - is JSON lines on standard input."
    )


def _ending(name: str) -> str:
    """``.jsonl``, ``.txt.gz`` ..., in lower case."""
    lower = name.lower()
    ending = PurePath(lower.removesuffix(GZIP)).suffix
    return ending + GZIP if lower.endswith(GZIP) else ending


def _openable(source: str) -> Path:
    path = Path(source)
    try:
        if not path.is_file():
            raise ConfigError("The source is neither a file nor a folder: check its path.")
        path.open("rb").close()
    except OSError as error:
        raise ConfigError(
            f"The source cannot be opened ({error.strerror}): check its path and permissions."
        ) from None
    return path


def _opened(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path)) if path.suffix.lower() == GZIP else path.open("rb")


def _lines_of_file(path: Path) -> Iterator[Found]:
    with _opened(path) as file:
        yield from lines_of(file)


def lines_of(file: BinaryIO, first: int = 1) -> Iterator[Found]:
    """The lines that are not blank, with numbers from ``first``; at most 10 MB are in memory."""
    for number in count(first):
        try:
            line = file.readline(BYTE_LIMIT + 1)
            fits = len(line) <= BYTE_LIMIT or line.endswith(b"\n")
            rest_is_blank = fits or _skip(file)
        except BROKEN:
            told = f"From here on the file {DAMAGED}: fetch it anew for the rest."
            yield f"line {number}", "json", ArticleError(told)
            return
        if not line:
            return
        if rest_is_blank and not line.removeprefix(codecs.BOM_UTF8).strip():
            continue
        record = line if fits else ArticleError(f"The line is {TOO_LARGE}")
        yield f"line {number}", "json", record


def _skip(file: BinaryIO) -> bool:
    """Pass over the rest of a line; whether it is blank."""
    blank, rest = True, b"-"
    while rest and not rest.endswith(b"\n"):
        rest = file.readline(BYTE_LIMIT // 10)
        blank = blank and not rest.strip()
    return blank


def _from_folder(folder: str) -> Iterator[Found]:
    paths = _files(folder)
    first = next(paths, None)
    if first is None:
        raise ConfigError(
            "The folder holds no .txt, .json, .html or .htm file (nor one with .gz): check its "
            "path. JSON lines and Parquet files are given one at a time."
        )
    return ((path, _kind(path), _article(Path(folder), path)) for path in chain([first], paths))


def _kind(path: str) -> str:
    return FORMATS.get(_ending(path).removesuffix(GZIP), "")


def _files(folder: str) -> Iterator[str]:
    """Paths in ``folder``, sorted; what cannot be opened is among them, hidden files are not.

    Only names in the folders on the way are in memory. A folder's path ends with "/", so that the
    names in one folder sort as the whole paths do.
    """
    waiting = [""]
    while waiting:
        path = waiting.pop()
        if path and not path.endswith("/"):
            yield path
            continue
        try:
            waiting += sorted(_children(folder, path), reverse=True)
        except OSError as error:
            if not path:
                raise ConfigError(f"The folder cannot be opened: {error.strerror}.") from None
            yield path


def _children(folder: str, inner: str) -> Iterator[str]:
    with os.scandir(f"{folder}/{inner}") as entries:
        for entry in entries:
            visible = not entry.name.startswith(".")
            if visible and entry.is_dir(follow_symlinks=False):
                yield f"{inner}{entry.name}/"
            if visible and _kind(entry.name):
                yield inner + entry.name


def _article(folder: Path, inner: str) -> Record:
    if inner.endswith("/"):
        return ArticleError("The folder cannot be opened: check its permissions.")
    path = folder / inner
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe would wait for its writer
            return ArticleError("It is a folder, pipe or device named like a file: rename it.")
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            return ArticleError("It is a link out of the folder: put the file itself there.")
        with _opened(path) as file:
            data = file.read(BYTE_LIMIT + 1)
    except BROKEN as error:
        why = getattr(error, "strerror", None) or f"it {DAMAGED}"
        return ArticleError(
            f"The file cannot be read ({why}): check its path and permissions, or fetch it anew."
        )
    return data if len(data) <= BYTE_LIMIT else ArticleError(f"The file is {TOO_LARGE}")

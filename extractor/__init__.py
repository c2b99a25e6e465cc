"""Checked, quotable claims out of news articles. Import from here and from nowhere below.

Names are imported when they are first used, so that ``extractor --help`` does not wait for them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extractor.api import Extractor as Extractor
    from extractor.api import aextract as aextract
    from extractor.api import extract as extract
    from extractor.bulk.run import backfill as backfill
    from extractor.core import Progress as Progress
    from extractor.errors import ArticleError as ArticleError
    from extractor.errors import ConfigError as ConfigError
    from extractor.errors import ExtractorError as ExtractorError
    from extractor.errors import ModelError as ModelError
    from extractor.errors import ModelRefused as ModelRefused
    from extractor.errors import ModelUnavailable as ModelUnavailable
    from extractor.errors import OutputInvalid as OutputInvalid
    from extractor.outcome import raise_for_status as raise_for_status
    from extractor.reading import read_article as read_article
    from extractor.settings import Settings as Settings
    from extractor.settings import settings_from_env as settings_from_env
    from schemas import *  # noqa: F403  every public type of the contract

_HOMES = {
    "extractor.api": ("Extractor", "aextract", "extract"),
    "extractor.bulk.run": ("backfill",),
    "extractor.core": ("Progress",),
    "extractor.errors": (
        "ArticleError",
        "ConfigError",
        "ExtractorError",
        "ModelError",
        "ModelRefused",
        "ModelUnavailable",
        "OutputInvalid",
    ),
    "extractor.outcome": ("raise_for_status",),
    "extractor.reading": ("read_article",),
    "extractor.settings": ("Settings", "settings_from_env"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name == "__all__":
        return sorted([*_HOME, *import_module("schemas").__all__])
    if name not in _HOME and name not in import_module("schemas").__all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME.get(name, "schemas")), name)
    return value

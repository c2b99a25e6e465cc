"""What can go wrong, by what the caller can do about it.

    ExtractorError
    ├── ConfigError          fix the settings, the key, the model's name or the installation
    ├── ArticleError         this input cannot be read as an article
    └── ModelError
        ├── ModelUnavailable the model did not answer: try later
        ├── ModelRefused     the model or its filter will not answer for this text
        └── OutputInvalid    the model answered, but nothing usable

Messages say what to do, hold no article text and no key, and stay short. Every error pickles.
"""

MESSAGE_LIMIT = 450  # four bytes each at most: under 2 kB when pickled


class ExtractorError(Exception):
    """Base of every error that this package raises."""

    def __init__(self, message: str) -> None:
        super().__init__(message[:MESSAGE_LIMIT])


class ConfigError(ExtractorError):
    """Settings, key, model name or installation must be mended before a call can succeed."""


class ArticleError(ExtractorError):
    """This input cannot be read as an article."""


class ModelError(ExtractorError):
    """The model gave no usable answer."""


class ModelUnavailable(ModelError):
    """The model did not answer in time, or its server is failing: try later."""


class ModelRefused(ModelError):
    """The model, or a content filter before it, will not answer for this text."""


class OutputInvalid(ModelError):
    """The model answered, but with nothing that can be used."""

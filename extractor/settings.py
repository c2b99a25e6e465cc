"""What a user can set, by argument or by environment variable."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from extractor.errors import ConfigError

LOCAL = "local"
OPENAI_URL = "https://api.openai.com/v1"
OFF = {"0", "off", "false", "no"}


@dataclass(frozen=True)
class Settings:
    """Which model answers, where, and within what bounds.

    ``model``: ``local`` (the embedded one), the path of a GGUF file, or a hosted model's name.
    ``deadline``: seconds for one article, all retries included; ``None`` means 600 for an
    embedded model and 120 for a hosted one. ``strict``: ask a hosted server for strict
    structured outputs. ``prompt``: name of a prompt under ``prompts/``; chosen by the model's
    kind where it is ``None``. ``prices``: a price list of one's own, as JSON. ``second_pass``: ask
    a hosted model once more about sentences that no claim rests on.
    """

    model: str = LOCAL
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    deadline: float | None = None
    strict: bool = True
    prompt: str | None = None
    concurrency: int = 8
    prices: Path | None = None
    second_pass: bool = False

    @property
    def is_embedded(self) -> bool:
        """Whether the model runs in this process: nothing leaves the machine."""
        return self.base_url is None and (self.model == LOCAL or self.model.endswith(".gguf"))

    @property
    def seconds(self) -> float:
        """The deadline of one article, in seconds."""
        if self.deadline is not None:
            return self.deadline
        return 600.0 if self.is_embedded else 120.0


def settings_from_env(
    *,
    model: str | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    deadline: float | None = None,
    strict: bool | None = None,
    prompt: str | None = None,
    prices: Path | None = None,
    second_pass: bool | None = None,
) -> Settings:
    """Arguments first, then the environment, then the defaults.

    Reads ``EXTRACTOR_MODEL``, ``EXTRACTOR_STRICT``, ``EXTRACTOR_DEADLINE``, ``EXTRACTOR_PRICES``,
    ``EXTRACTOR_SECOND_PASS``, ``OPENAI_API_KEY`` and ``OPENAI_BASE_URL``. A key or an address alone
    never moves work off the machine: the model must be named.

    Raises:
        ConfigError: a value cannot be used.
    """
    chosen = model or os.environ.get("EXTRACTOR_MODEL") or LOCAL
    embedded = chosen == LOCAL or chosen.endswith(".gguf")
    url = base_url or (None if embedded else os.environ.get("OPENAI_BASE_URL") or OPENAI_URL)
    settings = Settings(
        model=chosen,
        base_url=url,
        api_key=api_key or (os.environ.get("OPENAI_API_KEY") if url else None),
        deadline=deadline if deadline is not None else _seconds("EXTRACTOR_DEADLINE"),
        strict=_is_on("EXTRACTOR_STRICT", "on") if strict is None else strict,
        prompt=prompt,
        prices=prices or _prices(),
        second_pass=_is_on("EXTRACTOR_SECOND_PASS", "off") if second_pass is None else second_pass,
    )
    return _checked(settings)


def _checked(settings: Settings) -> Settings:
    if settings.deadline is not None and not 0 < settings.deadline < 1e6:
        raise ConfigError("The deadline must be a number of seconds above 0.")
    if settings.base_url and settings.model == LOCAL:
        raise ConfigError(
            "A base URL needs the name of the model that it serves: set the model too."
        )
    if settings.base_url and not settings.base_url.startswith(("http://", "https://")):
        raise ConfigError("The base URL must begin with http:// or https://.")
    if settings.base_url == OPENAI_URL and not settings.api_key:
        raise ConfigError(
            f"The hosted model {settings.model!r} needs a key: set OPENAI_API_KEY, or name another "
            "server in OPENAI_BASE_URL, or use the embedded model (EXTRACTOR_MODEL=local)."
        )
    return settings


def _is_on(name: str, default: str) -> bool:
    return (os.environ.get(name) or default).strip().lower() not in OFF


def _prices() -> Path | None:
    path = os.environ.get("EXTRACTOR_PRICES")
    return Path(path) if path else None


def _seconds(name: str) -> float | None:
    value = os.environ.get(name)
    if not value:
        return None
    try:
        return float(value)
    except ValueError:
        raise ConfigError(f"{name} must be a number of seconds, not {value!r:.40}.") from None

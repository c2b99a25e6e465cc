"""What hosted tokens cost. A model that is on no price list has no cost, and is never guessed."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from extractor.errors import ConfigError
from extractor.settings import Settings
from schemas import Usage

PRICES = Path(__file__).with_name("prices.json")
LAYOUT = 1
MILLION = 1e6


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens."""

    input: float
    cached: float
    output: float

    def cost(self, usage: Usage) -> float:
        """What ``usage`` costs, in US dollars."""
        fresh = usage.input_tokens - usage.cached_tokens
        spent = fresh * self.input + usage.cached_tokens * self.cached
        return (spent + usage.output_tokens * self.output) / MILLION


@dataclass(frozen=True)
class PriceList:
    """Prices by model name, and the month or day when they were read.

    ``batch_share`` is the part of the price that the provider's batch endpoint takes.
    """

    as_of: str
    batch_share: float
    models: dict[str, Price]


@lru_cache(maxsize=4)
def price_list(path: Path = PRICES) -> PriceList:
    """The price list in the JSON file ``path``; the one that comes along shows the form.

    Raises:
        ConfigError: it cannot be read as a price list.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        if given["version"] != LAYOUT:
            raise ValueError("version")
        models = {name: Price(**prices) for name, prices in given["models"].items()}
        return PriceList(str(given["as_of"]), float(given["batch_share"]), models)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{path.name} is no price list ({type(error).__name__}): take extractor/prices.json "
            "for a pattern."
        ) from None


def price_of(settings: Settings, by_batch: bool = False) -> Price | None:
    """The price of the model that ``settings`` name; 0 for an embedded one, None if unknown."""
    if settings.is_embedded:
        return Price(0.0, 0.0, 0.0)
    prices = price_list(settings.prices or PRICES)
    price, share = prices.models.get(settings.model), prices.batch_share if by_batch else 1.0
    return price and Price(price.input * share, price.cached * share, price.output * share)


def priced(usage: Usage, price: Price | None) -> Usage:
    """``usage`` with its cost; without one where the price, or a part of the bill, is unknown."""
    if price is None or (usage.unmetered_calls and price.output):
        return usage
    return usage.model_copy(update={"cost_usd": round(price.cost(usage), 8)})

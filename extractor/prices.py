"""What hosted tokens cost. Only models listed here get a cost; the others' is unknown."""

from schemas import Usage

AS_OF = "2026-11"
# US dollars a million tokens: input, cached input, output. From the provider's public price list.
PRICES: dict[str, tuple[float, float, float]] = {
    "gpt-4o": (2.50, 1.25, 10.00),
    "gpt-4o-mini": (0.15, 0.075, 0.60),
    "gpt-4.1": (2.00, 0.50, 8.00),
    "gpt-4.1-mini": (0.40, 0.10, 1.60),
    "gpt-4.1-nano": (0.10, 0.025, 0.40),
}


def priced(usage: Usage, model: str, embedded: bool) -> Usage:
    """``usage`` with its cost in US dollars: 0 for an embedded model, ``None`` if unknown."""
    if embedded:
        return usage.model_copy(update={"cost_usd": 0.0})
    if model not in PRICES or usage.unmetered_calls:
        return usage
    fresh, cached, output = PRICES[model]
    cost = (
        (usage.input_tokens - usage.cached_tokens) * fresh
        + usage.cached_tokens * cached
        + usage.output_tokens * output
    ) / 1e6
    return usage.model_copy(update={"cost_usd": round(cost, 8)})

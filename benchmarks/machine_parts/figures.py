"""What figures of several measurements come to."""

import statistics
from typing import Any

Figures = dict[str, Any]


def spread(values: list[float]) -> dict[str, float]:
    """Return the median, the least and the most."""
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def scaled(found: dict[str, list[float]]) -> Figures:
    """Return the rates of each arm, and what two are of one, of the ideal and of the limit."""
    rates = {name: spread(values) for name, values in found.items()}
    one, two, limit = (rates[name]["median"] for name in ("one", "two", "limit"))
    return {**rates, "of one": two / one, "of ideal": two / one / 2, "of limit": two / limit}

"""How a number is said to a person."""

import math

_DIGITS = 4  # that matter


def number(value: float) -> str:
    """Return the number with about four digits that matter: `0.9312`, `45.21`, `1,234`."""
    size = abs(value)
    if not math.isfinite(value) or 0 < size < 0.001:
        return f"{value:.3g}"
    return f"{value:.4f}" if size < 10 else f"{value:,.{max(0, _DIGITS - 1 - int(math.log10(size)))}f}"

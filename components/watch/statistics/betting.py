"""The capital of a gambler who bets that a mean is higher than somebody claims: large only if it is.

If values are not negative and have, given all before them, a mean of at most `m`, then the product of 1 + c (x / m -
1) is a supermartingale for every 0 <= c < 1, and it ever exceeds 1 / alpha with a probability of at most alpha
(Ville). The bets `c` are mixed over a grid, so that nobody has to know beforehand how far the mean is from `m`.
Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (2023), sections 4 and 5; values
that are not bounded above, as weighted ones are, in Waudby-Smith, Wu, Ramdas, Karampatziakis and Mineiro,
"Anytime-valid off-policy inference" (2022).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BETS = 0.9 * 2.0 ** -np.arange(16)
"""Parts of the capital that are at stake; the capital is divided equally among them at the beginning."""

_HALVINGS = 40
_LEVELS = 4_096
_EXACT = 10_000

Floats = NDArray[np.float64]


def log_capitals(values: Floats, counts: NDArray[Any], mean: float, stakes: Floats | float = 1.0) -> Floats:
    """Return the logarithm of what each bet has become, `[..., bets]`.

    Args:
        values: `[U]`, not negative.
        counts: `[..., U]`, how often each value was seen; their order does not matter.
        mean: what is claimed, over zero.
        stakes: `[U]`, by what each bet is multiplied; at most 1 where a value is below `mean`.
    """
    gains: Floats = np.log1p(BETS * (np.asarray(stakes) * (values / mean - 1))[:, None])
    found: Floats = counts @ gains
    return found


def mixed(log_capitals: Floats) -> Floats:
    """Return the logarithm of the whole capital, `[...]`."""
    total: Floats = np.logaddexp.reduce(log_capitals, axis=-1) - np.log(len(BETS))
    return total


def lower_bound(values: Floats, alpha: float, counts: NDArray[Any] | None = None) -> float:
    """Return a number that is above the mean with a probability of at most `alpha`, however often one looks.

    Of many values each is rounded down to one of 4,096 levels, which lowers the bound by less than 1/4,096 of the
    largest.

    Args:
        values: `[N]`, not negative.
        alpha: over 0, below 1.
        counts: `[N]`, how often each was seen; once where it is left out.
    """
    if len(values) == 0 or (top := float(values.max())) == 0:
        return 0.0
    seen = np.floor(values / top * _LEVELS) * (top / _LEVELS) if len(values) > _EXACT else values
    levels, which = np.unique(seen, return_inverse=True)
    times = np.bincount(which, counts, len(levels))
    return _bisected(levels, times, np.ones(len(levels)), alpha)


def ratio_lower_bound(
    values: Floats, weights: Floats, most: float, alpha: float, counts: NDArray[Any] | None = None
) -> float:
    """Return a number that is above the weighted mean with a probability of at most `alpha`, at any time.

    What is bet on is that E[weight (value - mean)] is over zero, so neither the number of rows nor their weights need
    be known beforehand.

    Args:
        values: `[N]`, not negative: 1 for a hit and 0 for none.
        weights: `[N]`, over zero: one by the probability with which each row came to be seen.
        most: the largest weight that a row below the mean can have, by how rows are chosen.
        alpha: over 0, below 1.
        counts: `[N]`, how often each value was seen with its weight; once where it is left out.
    """
    if not values.any():
        return 0.0
    if counts is None:
        (values, weights), counts = np.unique(np.stack([values, weights]), axis=1, return_counts=True)
    return _bisected(values, counts, weights / most, alpha)


def _bisected(values: Floats, counts: NDArray[Any], stakes: Floats, alpha: float) -> float:
    """Return where the capital falls below 1 / alpha: it falls as the claim rises, and is at most 1 at the mean."""
    low, high = 0.0, float(counts @ (stakes * values) / (counts @ stakes))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle > 0 and mixed(log_capitals(values, counts, middle, stakes)) >= -np.log(alpha):
            low = middle
        else:
            high = middle
    return low

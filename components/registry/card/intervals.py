"""How far a measure may be off because the test split is no larger: 95 % intervals."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]

DRAWS = 400
"""Of the bootstrap: a bound of 95 % lies at the tenth smallest and largest of them."""

_Z = 1.959963984540054  # of the normal distribution, 97.5 %
_TAIL = 0.025


def wilson(right: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of which `right` of `count` were found (Wilson 1927, JASA 22).

    Unlike the share plus and minus its standard error it never leaves 0..1, and is right for few examples.

    Raises:
        ValueError: there is no share of nothing.
    """
    if not 0 <= right <= count or count == 0:
        raise ValueError(f"{right} of {count} is no share")
    share, weight = right / count, _Z**2 / count
    middle = (share + weight / 2) / (1 + weight)
    half = _Z * math.sqrt(share * (1 - share) / count + weight / (4 * count)) / (1 + weight)
    return (0.0 if right == 0 else middle - half), (1.0 if right == count else middle + half)


def bootstrapped(
    metric: Callable[[Int64], float], places: Int64, seed: int, draws: int = DRAWS
) -> tuple[float, float] | None:
    """Return the 95 % interval of any metric by percentiles (Efron and Tibshirani 1993, section 13.3).

    Args:
        metric: of the examples at places, `[n]`, which may repeat.
        places: `[N]`.
        seed: of the draws.
        draws: how often `N` of the examples are drawn with replacement.

    Returns:
        None where most draws have no such metric, as of a slice with a single positive.
    """
    random = np.random.default_rng(seed)
    values = np.array([metric(places[random.integers(0, len(places), len(places))]) for _ in range(draws)])
    found = values[np.isfinite(values)]
    if len(found) <= draws / 2:
        return None
    low, high = np.quantile(found, [_TAIL, 1.0 - _TAIL])
    return float(low), float(high)

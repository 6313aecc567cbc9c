"""How far a measure may be off because the test split is no larger: 95 % intervals."""

import math
from collections.abc import Callable, Mapping

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
    metrics: Callable[[Int64], Mapping[str, float]], places: Int64, seed: int, draws: int = DRAWS
) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of any metrics by percentiles (Efron and Tibshirani 1993, section 13.3).

    Args:
        metrics: by name, of the examples at places, `[n]`, which may repeat.
        places: `[N]`.
        seed: of the draws.
        draws: how often `N` of the examples are drawn with replacement.

    Returns:
        By name; a metric that most draws do not have, as of a slice with a single positive, is left out.
    """
    random = np.random.default_rng(seed)
    drawn = [metrics(places[random.integers(0, len(places), len(places))]) for _ in range(draws)]
    found = {name: np.array([one[name] for one in drawn]) for name in drawn[0]}
    there = {name: values[np.isfinite(values)] for name, values in found.items()}
    return {
        name: (float(np.quantile(values, _TAIL)), float(np.quantile(values, 1.0 - _TAIL)))
        for name, values in there.items()
        if len(values) > draws / 2
    }

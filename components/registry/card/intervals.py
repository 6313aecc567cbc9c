"""How far a measure may be off because the test split is no larger: 95 % intervals."""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]

DRAWS = 400
"""Of the bootstrap: a bound of 95 % lies at the tenth smallest and largest of them."""

_CONFIDENCE = 0.95
_TAIL = 0.025


def wilson(correct: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of which `correct` of `count` were found (Wilson 1927, JASA 22).

    Unlike the share plus and minus its standard error it never leaves 0..1, and is right for few examples.

    Raises:
        ValueError: there is no share of nothing.
    """
    if not 0 <= correct <= count or count == 0:
        raise ValueError(f"{correct} of {count} is no share")
    from scipy.stats import binomtest  # here: a second that flows need which measure nothing

    interval = binomtest(correct, count).proportion_ci(_CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def bootstrapped(
    metrics: Callable[[Int64], Mapping[str, float]], indices: Int64, seed: int, draws: int = DRAWS
) -> dict[str, tuple[float, float]]:
    """Return the 95 % interval of any metrics by percentiles (Efron and Tibshirani 1993, section 13.3).

    Args:
        metrics: by name, of the examples at indices, `[n]`, which may repeat.
        indices: `[N]`.
        seed: of the draws.
        draws: how often `N` of the examples are drawn with replacement.

    Returns:
        By name. Left out is a metric of which too little is known: most often with few examples. Too many draws may not
        have it, as where a slice has a single positive, or all draws may have the same, as a precision of 1 has.
    """
    random = np.random.default_rng(seed)
    drawn = [metrics(indices[random.integers(0, len(indices), len(indices))]) for _ in range(draws)]
    bounds = {name: _percentiles(np.array([draw[name] for draw in drawn])) for name in drawn[0]}
    return {name: bound for name, bound in bounds.items() if bound is not None}


def _percentiles(values: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return the bounds of `[draws]`; None: they cannot be told.

    A draw that has no value might have any, so it counts as the lowest for the lower bound, as the highest for the
    upper one.
    """
    there = np.isfinite(values)
    low = float(np.quantile(np.where(there, values, -np.inf), _TAIL, method="lower"))
    high = float(np.quantile(np.where(there, values, np.inf), 1.0 - _TAIL, method="higher"))
    return (low, high) if math.isfinite(low) and math.isfinite(high) and low < high else None

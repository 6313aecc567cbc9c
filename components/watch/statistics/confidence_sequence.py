"""Intervals of a mean that hold at all times at once, so that one may look every hour and stop when one likes.

The rows are those since the beginning, of one version: the mean is taken to be the same all the while. Where it
moves, the interval is of its average, and narrower than it ought to be; `harm` looks for when it began to move.
"""

import numpy as np
from numpy.typing import NDArray

from components.watch.statistics.betting import lower_bound, ratio_lower_bound
from components.watch.statistics.interval import UNKNOWN, Interval

Floats = NDArray[np.float64]


def mean_interval(
    values: Floats,
    weights: Floats | None = None,
    alpha: float = 0.05,
    counts: NDArray[np.int64] | None = None,
    step: float = 0.0,
) -> Interval:
    """Return the mean of bounded values and its interval, which holds at all times with a probability of 1 - alpha.

    Rows whose value was asked for with a probability are weighted by its inverse (Horvitz and Thompson 1952): pass all
    rows, those that were not asked for with a weight of zero.

    Args:
        values: `[N]`, 0 to 1: whether an answer is right, a loss by its largest; anything where the weight is zero.
        weights: `[N]`, 1 / probability where the value is known and 0 elsewhere; 1 for all where it is left out.
        alpha: over 0, below 1.
        counts: `[N]`, how often each value was seen with its weight; once where it is left out.
        step: by how much each value may have been larger, having been rounded down (`tally.py`).
    """
    if len(values) == 0:
        return UNKNOWN
    weights = np.ones(len(values)) if weights is None else weights
    counts = np.ones(len(values), dtype=np.int64) if counts is None else counts
    known = np.where(weights > 0, values, 0.0)
    if known.min() < 0 or known.max() > 1:
        raise ValueError(f"values from {known.min()} to {known.max()}; they must be from 0 to 1")
    low = lower_bound(weights * known, alpha / 2, counts)
    high = 1 - lower_bound(weights * (1 - np.minimum(known + step, 1)), alpha / 2, counts)
    total = weights @ counts
    estimate = float((weights * counts) @ np.minimum(known + step / 2, 1) / total) if total else float("nan")
    return Interval(estimate, min(low, 1.0), max(high, 0.0))


def known_interval(
    values: Floats,
    weights: Floats,
    alpha: float = 0.05,
    counts: NDArray[np.int64] | None = None,
    step: float = 0.0,
    most: float | None = None,
) -> Interval:
    """Return the weighted mean of the values that are known and its interval, which holds at all times.

    It is a ratio, as that of `share_interval`: how many rows there are besides, whose value nobody asked for, is not
    used. Where all weights are equal it is the mean of the values as they are.

    Args:
        values: `[N]`, 0 to 1.
        weights: `[N]`, over zero: 1 / the probability with which each came to be known.
        alpha: over 0, below 1.
        counts: `[N]`, how often each value was seen with its weight; once where it is left out.
        step: by how much each value may have been larger, having been rounded down (`tally.py`).
        most: the largest weight that the way of choosing rows allows; the largest that is there where it is left out.
    """
    if len(values) == 0:
        return UNKNOWN
    counts = np.ones(len(values), dtype=np.int64) if counts is None else counts
    most = float(weights.max()) if most is None else most
    low = ratio_lower_bound(values, weights, most, alpha / 2, counts)
    high = 1 - ratio_lower_bound(1 - np.minimum(values + step, 1), weights, most, alpha / 2, counts)
    estimate = float((weights * counts) @ np.minimum(values + step / 2, 1) / (weights @ counts))
    return Interval(estimate, low, high)


def share_interval(
    hits: NDArray[np.bool_],
    weights: Floats | None = None,
    most: tuple[float, float] = (1.0, 1.0),
    alpha: float = 0.05,
) -> Interval:
    """Return the share of hits among rows that were seen with known probabilities, and its interval at all times.

    Recall is the share of flagged rows among the positive ones, precision that of positive ones among the flagged.
    Both are
    ratios: how many rows there are is as unknown as how many of them are hits.

    Args:
        hits: `[N]`, of the rows that count and whose label is known.
        weights: `[N]`, 1 / probability with which the label came to be known; 1 for all where it is left out.
        most: the largest weights that the way of asking allows, of a hit and of another row; where one in fifty
            payments that are not flagged is looked at, `(1, 50)`.
        alpha: over 0, below 1.

    Raises:
        ValueError: a weight is larger than `most` says.
    """
    if len(hits) == 0:
        return UNKNOWN
    weights = np.ones(len(hits)) if weights is None else weights
    for kind, limit, seen in zip(("hit", "other row"), most, (weights[hits], weights[~hits]), strict=True):
        if len(seen) and seen.max() > limit * (1 + 1e-9):
            raise ValueError(f"the weight of a {kind} is {seen.max():g}; at most {limit:g} was said")
    low = ratio_lower_bound(hits.astype(np.float64), weights, most[1], alpha / 2)
    high = 1 - ratio_lower_bound((~hits).astype(np.float64), weights, most[0], alpha / 2)
    return Interval(float(weights @ hits / weights.sum()), low, high)

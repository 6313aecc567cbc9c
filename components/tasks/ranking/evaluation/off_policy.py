"""What another way of suggesting would earn, from a log of what was shown with which probability, and what came of it.

It holds where whatever the other way would show was shown with a probability above 0. With w = wanted / shown, the
probabilities of what was shown by the other way and by the one that was at work:

    ips              the mean of w r                                    (Horvitz and Thompson 1952)
    snips            the sum of w r over the sum of w                   (Swaminathan and Joachims 2015)
    doubly_robust    the mean of expected + w (r - predicted)           (Dudík, Langford and Li 2011)

The first has no bias, and a large variance where w is large. The second is bounded as r is, and its bias vanishes with
the size of the log. The third has no bias either, and the less variance the better a model predicts r.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


class Estimate(NamedTuple):
    """What a place of a suggestion earns on average."""

    value: float
    error: float
    """Its standard error, if what was shown is independent."""


def ips(rewards: Floats, shown: Floats, wanted: Floats) -> Estimate:
    """Return the estimate by inverse propensities; all `[N]`, `shown` above 0."""
    return _mean(rewards * wanted / shown)


def snips(rewards: Floats, shown: Floats, wanted: Floats) -> Estimate:
    """Return the self-normalised estimate; not a number where the other way would show nothing of the log."""
    weights = wanted / shown
    total = float(weights.sum())
    if total == 0.0:
        return Estimate(float("nan"), float("nan"))
    value = float((weights * rewards).sum()) / total
    return Estimate(value, float(np.sqrt(np.square(weights * (rewards - value)).sum())) / total)


def doubly_robust(rewards: Floats, shown: Floats, wanted: Floats, predicted: Floats, expected: Floats) -> Estimate:
    """Return the doubly robust estimate; all `[N]`.

    Args:
        rewards: what came of it.
        shown: the probability with which it was shown.
        wanted: that with which the other way would show it.
        predicted: what a model predicts of the reward of what was shown.
        expected: what it predicts of the other way at that place.
    """
    return _mean(expected + wanted / shown * (rewards - predicted))


def _mean(values: Floats) -> Estimate:
    return Estimate(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))

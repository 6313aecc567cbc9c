"""Conformalized quantile regression: intervals that hold the true number as often as is stated, whatever the model.

Romano, Patterson and Candès 2019, "Conformalized Quantile Regression" (arXiv:1905.03222). Each validation example says
by how much the quantiles around it would have to move outward to just hold its label; the highest of these but a few
makes new intervals hold theirs, on average over validation splits, with at least the stated probability. It needs that
validation and new examples are alike, and nothing else.
"""

from math import ceil

import numpy as np
from numpy.typing import NDArray

_ROUNDING = 1e-9  # 10 * 0.9 is no more than 9


def fewest(coverage: float) -> int:
    """Return the fewest validation examples by which intervals of this coverage can be found."""
    return ceil(coverage / (1.0 - coverage) - _ROUNDING)


def widening(
    lower: NDArray[np.floating], upper: NDArray[np.floating], labels: NDArray[np.float64], coverage: float
) -> float:
    """Return by how much both quantiles move outward; below 0 inward. Equation 8, with its correction (n + 1) / n.

    Where there are too few examples it is the most that one of them asks for; 0 where there is none.

    Args:
        lower: `[n]`, of validation examples.
        upper: `[n]`.
        labels: `[n]`, all known.
        coverage: 0 to 1.
    """
    if not len(labels):
        return 0.0
    needed = np.sort(np.maximum(lower - labels, labels - upper))
    rank = ceil((len(labels) + 1) * coverage - _ROUNDING)
    return float(needed[min(rank, len(labels)) - 1])

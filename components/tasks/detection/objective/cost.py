"""What decisions cost. Needs numpy alone."""

import numpy as np
from numpy.typing import NDArray

COST = "cost_per_1000"
"""Name of the metric."""


def cost_per_1000(
    positive: NDArray[np.bool_], flagged: NDArray[np.bool_], misses: NDArray[np.float64], false_alarm: float
) -> float:
    """Return what a thousand examples cost.

    Args:
        positive: `[N]`, at least one example.
        flagged: `[N]`.
        misses: `[N]`, what each example costs if it is positive and not flagged.
        false_alarm: what an example costs that is flagged and not positive.
    """
    cost = misses[positive & ~flagged].sum() + false_alarm * (flagged & ~positive).sum()
    return 1_000 * float(cost) / len(positive)


def of_a_miss(labels: NDArray[np.int64], misses: NDArray[np.float64] | None) -> float:
    """Return what a missed positive costs on average; where none is known, what an example would.

    Args:
        labels: `[N]`: 1, 0, -1 not known.
        misses: `[N]`, what each example costs if it is positive and not flagged; None: 1.
    """
    if misses is None:
        return 1.0
    positive = labels == 1
    return float(misses[positive].mean() if positive.any() else misses.mean())

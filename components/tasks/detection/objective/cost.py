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

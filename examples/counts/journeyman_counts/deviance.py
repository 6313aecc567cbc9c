"""The Poisson deviance. Needs numpy alone."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def deviance(labels: NDArray[Any], means: NDArray[Any]) -> float:
    """Return the mean deviance, 2 (y log(y / m) - y + m) (McCullagh and Nelder 1989); 0 is best.

    Args:
        labels: `[N]`, counts, at least one.
        means: `[N]`, above 0.
    """
    means = np.maximum(means.astype(np.float64), 1e-12)
    logs = np.log(np.where(labels > 0, labels, 1.0) / np.where(labels > 0, means, 1.0))
    return float(2.0 * np.mean(labels * logs - labels + means))

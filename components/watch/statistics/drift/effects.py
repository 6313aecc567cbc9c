"""The size of a difference between two rows of counts, and how large chance makes it.

For numbers the Kolmogorov-Smirnov distance, the largest difference of both distribution functions, for categories the
total variation, the largest difference of the probability of any set of them. Both are between 0 and 1, whatever the
number of rows; what grows with it is only how sure one is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_DRAWS = 200


def distances(shares: Floats, others: Floats, category: NDArray[np.bool_]) -> Floats:
    """Return the distance of each column, `[..., columns]`.

    Args:
        shares: `[..., columns, bins]`.
        others: the same of what is compared with.
        category: `[columns]`, whether it is the total variation.
    """
    apart = shares - others
    numbers = np.abs(apart.cumsum(axis=-1)).max(axis=-1)
    found: Floats = np.where(category, np.abs(apart).sum(axis=-1) / 2, numbers)
    return found


@dataclass(frozen=True)
class Chance:
    """What the square root of the size times the distance is by chance alone, of each column."""

    mean: Floats
    square: Floats
    variance: Floats
    """The largest of any set of values."""
    category: NDArray[np.bool_]

    def threshold(self, size: Floats, clusters: float, level: float) -> Floats:
        """Return which distance chance exceeds with a probability of at most `level`, `[columns]`.

        The smaller of two bounds: that of Dvoretzky, Kiefer and Wolfowitz (Massart 1990) for a distribution function,
        and Bousquet's (2002) of how far a largest difference is above its mean, which is better where values are
        rare.

        Args:
            size: `[columns]`, how many independent rows each sample is worth: n m / (n + m).
            clusters: how many rows those are worth whose entities are wholly alike.
            level: over 0, below 1.
        """
        units = -np.log(level)
        jump = np.sqrt(size) / (3 * clusters)
        above = units * jump + np.sqrt((units * jump) ** 2 + 2 * units * self.variance)
        massart = np.where(self.category, np.inf, np.sqrt((units + np.log(2)) / 2))
        found: Floats = np.minimum(self.mean + above, massart) / np.sqrt(size)
        return found

    def log_p(self, distance: Floats, size: Floats, clusters: float) -> Floats:
        """Return the logarithm of the level at which each distance is the threshold, `[columns]`, at most 0."""
        scaled = np.sqrt(size) * np.maximum(distance, 0)
        above = np.maximum(scaled - self.mean, 0)
        jump = np.sqrt(size) / (3 * clusters)
        bousquet = -(above**2) / (2 * (self.variance + above * jump))
        massart = np.where(self.category, 0.0, np.log(2) - 2 * scaled**2)
        found: Floats = np.minimum(np.minimum(bousquet, massart), 0.0)
        return found


def chance(shares: Floats, category: NDArray[np.bool_]) -> Chance:
    """Return what chance makes of distances from `shares`, `[columns, bins]`, from 200 draws of Gaussian bridges."""
    random = np.random.default_rng(0)
    noise = np.sqrt(shares) * random.standard_normal((_DRAWS, *shares.shape))
    bridge = noise - shares * noise.sum(axis=-1, keepdims=True)
    found = distances(bridge, np.zeros_like(shares), category)
    until = shares.cumsum(axis=-1)
    variance = np.where(category, _largest_variance(shares), (until * (1 - until)).max(axis=-1))
    return Chance(found.mean(axis=0), (found**2).mean(axis=0), np.maximum(variance, 1e-9), category)


def _largest_variance(shares: Floats) -> Floats:
    """Return the largest variance of a set of categories: of all but the commonest, at most 1/4."""
    top = np.maximum(shares.max(axis=-1), 0.5)
    found: Floats = top * (1 - top)
    return found

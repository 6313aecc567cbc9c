"""Rows of one entity are alike, so they say less than as many rows of others: Kish, "Survey Sampling" (1965)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Int64 = NDArray[np.int64]


def cluster_size(counts: Int64) -> float:
    """Return the mean number of rows that are of the same entity as a row, from those of each, `[entities]`."""
    return float((counts.astype(np.float64) ** 2).sum() / max(int(counts.sum()), 1)) if len(counts) else 1.0


def independent(rows: Floats | float, correlation: Floats, size: float) -> Floats:
    """Return how many independent rows `rows` are worth, of each column."""
    found: Floats = rows / (1 + correlation * max(size - 1, 0.0))
    return found


def correlation(codes: Int64, bins: int, entity: NDArray[Any]) -> float:
    """Return how alike two rows of an entity are, 0 to 1: the intraclass correlation of lying below a value.

    It is the largest over those values that at least a tenth of all rows lie below, and above.

    Args:
        codes: `[N]`, the bin of each row.
        bins: their number.
        entity: `[N]`.
    """
    group, rows = np.unique(entity, return_inverse=True, return_counts=True)[1:]
    pairs = float((rows * (rows - 1.0)).sum())
    until = np.bincount(codes, minlength=bins).cumsum() / len(codes)
    inside = np.flatnonzero((until > 0.1) & (until < 0.9))
    if pairs == 0:
        return 0.0
    inside = inside if len(inside) else np.array([int(np.abs(until - 0.5).argmin())])
    found = 0.0
    for limit in inside[:: max(1, len(inside) // 8)]:
        p = until[limit]
        below = np.bincount(group, weights=codes <= limit)
        apart = ((below - rows * p) ** 2).sum() - len(codes) * p * (1 - p)
        if p * (1 - p) > 0:
            found = max(found, float(apart) / (pairs * p * (1 - p)))
    return min(found, 1.0)

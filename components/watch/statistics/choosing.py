"""Choosing a fixed number of rows, each with its own probability, spread out.

The ordered pivotal method (Deville and Tillé, "Unequal probability sampling without replacement through a splitting
method", Biometrika 1998): rows that stand beside each other fight for a place, so that of such as are alike seldom two
are chosen. Each is chosen with exactly its probability, and the choices are negatively associated (Brändén and Jonasson
2012), so that bounds which hold of independent ones hold of these.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def choose(probabilities: Floats, order: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Return the indices of the chosen rows; as many as the probabilities add up to, if that is a whole number.

    Args:
        probabilities: `[N]`, 0 to 1, of each row.
        order: `[N]`, a permutation in which like stands beside like.
        random: by which it is decided.
    """
    chosen: list[int] = []
    kept, left = -1, 0.0  # who still stands, and with which probability
    for index, chance, draw in zip(
        order.tolist(), probabilities[order].tolist(), random.random(len(order)), strict=True
    ):
        both = left + chance
        if both < 1.0 - 1e-12:
            kept, left = (index if draw * both >= left else kept), both
        else:
            room = 2.0 - both
            first = room <= 1e-12 or draw * room < 1.0 - chance
            winner, loser = (kept, index) if first and kept >= 0 else (index, kept)
            chosen.append(winner)
            kept, left = loser, both - 1.0
    if kept >= 0 and random.random() < left - 1e-9:
        chosen.append(kept)
    return np.array(sorted(chosen), dtype=np.int64)


def spread(points: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return an order in which neighbours are alike, `[N]`: halves of halves, by the direction of the most variance.

    Args:
        points: `[N, K]`.
    """
    centred = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    return np.array(_halved(centred @ axes.T, np.arange(len(points))), dtype=np.int64)


def _halved(points: Floats, rows: NDArray[np.int64]) -> list[int]:
    if len(rows) < 3:
        return [int(row) for row in rows]
    widest = int(np.ptp(points[rows], axis=0).argmax())
    ordered = rows[np.argsort(points[rows, widest], kind="stable")]
    middle = len(ordered) // 2
    return [*_halved(points, ordered[:middle]), *_halved(points, ordered[middle:])]

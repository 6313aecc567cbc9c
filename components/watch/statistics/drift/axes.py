"""Embeddings as columns: how far each lies along the principal axes of the training data, and how far beside them.

A column of numbers is what thresholds are known for, over all columns and days (`watch`). The axes are those of other
examples than the reference counts, so the counts are of rows that had no say in them.
"""

import numpy as np
from numpy.typing import NDArray

EMBEDDING = "embedding: "
"""What names of its columns begin with."""
AXES = 16
FEWEST = 50
"""Embeddings of which axes are told."""

Float32 = NDArray[np.float32]
Floats = NDArray[np.float64]


def principal_axes(embedding: Float32) -> Float32 | None:
    """Return the mean and the axes of the most variance, `[1 + axes, D]`; None: too few rows, or all are the same.

    An axis is as long as one by the standard deviation along it.

    Args:
        embedding: `[N, D]`.
    """
    if len(embedding) < FEWEST or not np.isfinite(embedding).all():
        return None
    mean = embedding.mean(axis=0, dtype=np.float64)
    _, lengths, axes = np.linalg.svd(embedding - mean, full_matrices=False)
    deviations = lengths[:AXES] / np.sqrt(len(embedding))
    there = deviations > max(1e-4 * float(deviations[0]), 1e-9)
    if not there.any():
        return None
    kept = axes[:AXES][there]
    signs = np.sign(kept[np.arange(len(kept)), np.abs(kept).argmax(axis=1)])  # a library may turn an axis round
    return np.concatenate([mean[None], kept * (signs / deviations[there])[:, None]]).astype(np.float32)


def along(axes: Float32, embedding: Float32) -> dict[str, Floats]:
    """Return the columns of `embedding`, `[N, D]`: `[N]` each, of every axis, and the distance from their span.

    They are in standard deviations, rounded to thousandths: graphs and networks differ in the last bits.

    Args:
        axes: see `principal_axes`.
        embedding: `[N, D]`.
    """
    beside, lengths = embedding.astype(np.float64) - axes[0], np.linalg.norm(axes[1:], axis=1)
    places = beside @ axes[1:].T
    found = {f"{EMBEDDING}axis {index + 1}": places[:, index] for index in range(len(lengths))}
    if len(lengths) < embedding.shape[1]:
        rest = beside - places @ (axes[1:] / lengths[:, None] ** 2)
        found[f"{EMBEDDING}beside the axes"] = np.linalg.norm(rest, axis=1) * lengths[0]
    return {name: np.round(values, 3) for name, values in found.items()}

"""The baseline: what was taken most of late, for everybody, but for what somebody has seen."""

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures
from components.kinds.suggestions import COLUMNS, width

_LATE = 0.1  # part of the training examples, the last ones
_LEAST = 1_000  # examples of them, if there are as many
_BATCH = 4_096


def popular_rankings(features: BaselineFeatures, items: int) -> NDArray[np.float32]:
    """Return rankings `[N, 4 T]`.

    Args:
        features: `labels` in the order of time; `test` the items that each example has seen, by their number from 1,
            0 for none.
        items: how many there are.
    """
    labels = features.labels
    late = labels[-max(int(_LATE * len(labels)), _LEAST) :]
    counts = np.bincount(late, minlength=items) + np.bincount(labels, minlength=items) / (len(labels) + 1.0)
    most = width(items) // COLUMNS
    seen = features.test.astype(np.int64)
    candidates = np.argsort(-counts, kind="stable")[: most + seen.shape[1]]
    candidates = candidates[counts[candidates] > 0]
    found = [_without(seen[start : start + _BATCH], candidates, most) for start in range(0, len(seen), _BATCH)]
    ranking = np.zeros((len(seen), COLUMNS * most), dtype=np.float32)
    ranking[:, :most] = np.concatenate(found)
    ranking[:, most : 2 * most] = np.where(ranking[:, :most] >= 0, counts[ranking[:, :most].astype(np.int64)], 0.0)
    ranking[:, 2 * most : 3 * most] = -1.0
    return ranking


def _without(seen: NDArray[np.int64], candidates: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return the first candidates of each of `[n, S]` that are not among what is seen, `[n, most]`; -1: no further."""
    left = ~(seen[:, :, None] == candidates[None, None, :] + 1).any(axis=1)
    order = np.argsort(~left, axis=1, kind="stable")[:, :most]
    found = np.where(np.take_along_axis(left, order, axis=1), candidates[order], -1)
    return np.pad(found, ((0, 0), (0, most - found.shape[1])), constant_values=-1)

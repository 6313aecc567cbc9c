"""An isolation forest (Liu, Ting and Zhou 2008, "Isolation Forest"), fitted by scikit-learn: no label is asked."""

from math import ceil
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from components.kinds.table.learner.autoencoder import View
from components.kinds.table.learner.trees.arrays import rounded_down

_TREES = 300
_SAMPLE = 50_000
"""Most records that the trees are drawn from, evenly spread; each tree is of 256 of them."""


def isolation_arrays(view: View, examples: NDArray[np.float32], seed: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of a `TreeEnsemble`, which answers the logarithm of the forest's score.

    Args:
        view: of the records, which the trees ask for.
        examples: `[n, F]`, records of the training split.
        seed: of the forest.
    """
    with torch.inference_mode(), threadpool_limits(1):
        seen = view(torch.from_numpy(examples[:: ceil(len(examples) / _SAMPLE)])).numpy()
        forest = IsolationForest(n_estimators=_TREES, random_state=seed).fit(seen)
    trees = [estimator.tree_ for estimator in forest.estimators_]
    sizes = np.array([tree.node_count for tree in trees])
    roots = np.cumsum(sizes) - sizes
    here, first = np.arange(sizes.sum()), np.repeat(roots, sizes)
    left, right, feature, threshold, sample = (
        np.concatenate([getattr(tree, name) for tree in trees])
        for name in ("children_left", "children_right", "feature", "threshold", "n_node_samples")
    )
    leaf = left < 0
    depth = np.concatenate([tree.compute_node_depths() for tree in trees]) - 1
    usual = _TREES * _path_length(np.array([forest.max_samples_])) / np.log(2.0)
    return {
        "feature": np.where(leaf, 0, feature),
        "threshold": np.where(leaf, np.float32(0), rounded_down(threshold)),
        "missing_left": np.zeros(len(leaf), dtype=bool),
        "left": np.where(leaf, here, first + left),
        "right": np.where(leaf, here, first + right),
        "leaf": leaf,
        "value": np.where(leaf, -(depth + _path_length(sample)) / usual, 0.0).astype(np.float32),
        "category_set": np.full(len(leaf), -1),
        "sets": np.zeros((0, 1), dtype=bool),
        "root": roots,
        "target": np.zeros(_TREES, dtype=np.int64),
        "base": np.zeros(1, dtype=np.float32),
    }


def _path_length(count: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """Return how many questions it takes on average to isolate one of so many records, `[N]` (the paper's c(n))."""
    more = np.maximum(count, 3).astype(np.float64)
    long = 2.0 * (np.log(more - 1.0) + np.euler_gamma) - 2.0 * (more - 1.0) / more
    return np.where(count > 2, long, np.where(count == 2, 1.0, 0.0))

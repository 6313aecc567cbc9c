"""Fitted trees of scikit-learn -> the arrays of a `TreeEnsemble`.

They are read from attributes that scikit-learn keeps to itself, as every converter does; a test holds their answers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.table.learner.trees.columns import Columns

Arrays = dict[str, NDArray[Any]]


def arrays_of(columns: Columns, trees: Sequence[tuple[Any, int]], base: NDArray[np.floating]) -> Arrays:
    """Return the arrays.

    Args:
        columns: that the trees were fitted on.
        trees: scikit-learn's `TreePredictor` of each, and the column of the answer that it adds to.
        base: `[K]` to which they add.
    """
    sizes = np.array([len(predictor.nodes) for predictor, _ in trees], dtype=np.int64)
    roots = np.cumsum(sizes) - sizes
    nodes = np.concatenate([predictor.nodes for predictor, _ in trees]) if trees else np.empty(0, dtype=_NOTHING)
    first = np.repeat(roots, sizes)
    here, leaf = np.arange(len(nodes)), nodes["is_leaf"].astype(bool)
    sets = [row for predictor, _ in trees for row in _sets(columns, predictor)]
    category = (nodes["is_categorical"] == 1) & ~leaf
    return {
        "feature": np.where(leaf, 0, columns.order[np.where(leaf, 0, nodes["feature_idx"])]),
        "threshold": np.where(leaf | category, np.float32(0), rounded_down(nodes["num_threshold"])),
        "missing_left": (nodes["missing_go_to_left"] == 1) & ~leaf,
        "left": np.where(leaf, here, first + nodes["left"]),
        "right": np.where(leaf, here, first + nodes["right"]),
        "leaf": leaf,
        "value": np.where(leaf, nodes["value"], 0.0).astype(np.float32),
        "category_set": np.where(category, np.cumsum(category) - 1, -1),
        "sets": np.array(sets, dtype=bool).reshape(len(sets), columns.codes),
        "root": roots,
        "target": np.array([target for _, target in trees], dtype=np.int64),
        "base": np.asarray(base, dtype=np.float32),
    }


_NOTHING = [
    (name, np.float64 if name in ("value", "num_threshold") else np.int64)
    for name in (
        "is_leaf",
        "is_categorical",
        "feature_idx",
        "num_threshold",
        "missing_go_to_left",
        "left",
        "right",
        "value",
    )
]
"""The fields of a node that are read."""


def rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the largest float32 that is no larger: the same float32 values lie below it."""
    with np.errstate(over="ignore"):
        nearest = thresholds.astype(np.float32)
    return np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest)


def _sets(columns: Columns, predictor: Any) -> list[NDArray[np.bool_]]:
    """Return which codes `[codes]` go left, for each node of a tree that asks for a category, in their order."""
    nodes = predictor.nodes[(predictor.nodes["is_categorical"] == 1) & (predictor.nodes["is_leaf"] == 0)]
    bits = np.unpackbits(predictor.raw_left_cat_bitsets.view(np.uint8), axis=1, bitorder="little").astype(bool)
    return [
        columns.left_codes(int(node["feature_idx"]), bits[node["bitset_idx"]], bool(node["missing_go_to_left"]))
        for node in nodes
    ]

"""The folds of a cross-validation: every example is in the test split of one of them, and no group is torn apart.

As the splits themselves, folds are drawn from the keys of the examples (`prepared.py`), so that they are the same
whatever order the examples stand in; each class is held alike in all of them (Kohavi 1995, "A Study of Cross-Validation
and Bootstrap for Accuracy Estimation and Model Selection": stratification has the smaller variance and bias).
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from components.kinds.prepared import KEYS, PreparedData, Split
from components.kinds.resplit import all_examples, resplit
from components.tasks.out_of_fold import identities

Int64 = NDArray[np.int64]


def make_folds(data: PreparedData, count: int) -> list[PreparedData]:
    """Return the data set split anew so many times; together the test splits hold every example once.

    What is left beside a test split is parted into training and validation as it is in `data`. A class of which its
    training split has nothing, as the anomalies that are kept for the evaluation, is in no training split, and in no
    validation split unless it is in that of `data`. Where there are fewer groups than folds, there are as many folds as
    groups.
    """
    labels, together = all_examples(data, "labels"), units(data)
    folds = assigned(together, labels, count)
    parts = round((data.counts["train"] + data.counts["validation"]) / max(data.counts["validation"], 1))
    train, validation = (np.asarray(data.labels(split)) for split in ("train", "validation"))
    learned = np.isin(labels, train) if labels.dtype.kind != "f" else np.ones(len(labels), dtype=np.bool_)
    validated = learned | np.isin(labels, validation)
    return [
        resplit(data, _members(folds == fold, together, labels, max(parts, 2), learned, validated))
        for fold in range(int(folds.max()) + 1)
    ]


def _members(
    test: NDArray[np.bool_],
    units: Int64,
    labels: NDArray[np.generic],
    parts: int,
    learned: NDArray[np.bool_],
    validated: NDArray[np.bool_],
) -> dict[Split, Int64]:
    others = np.flatnonzero(~test)
    held_out = assigned(units[others], labels[others], parts) == 0
    return {
        "train": others[~held_out & learned[others]],
        "validation": others[held_out & validated[others]],
        "test": np.flatnonzero(test),
    }


def units(data: PreparedData) -> Int64:
    """Return what stays together, `[N]`: one key, where splits were drawn from keys, and the same content."""
    content = identities(all_examples(data, "inputs"))
    keys = all_examples(data, KEYS) if data.drawn else content
    (_, of_keys), (_, of_content) = (np.unique(values, return_inverse=True) for values in (keys, content))
    size = int(of_keys.max() + of_content.max()) + 2
    edges = np.ones(len(keys), dtype=np.int8), (of_keys, of_content + int(of_keys.max()) + 1)
    _, parts = connected_components(coo_array(edges, shape=(size, size)), directed=False)
    found: Int64 = parts[of_keys].astype(np.int64)
    return found


def assigned(units: Int64, labels: NDArray[np.generic], count: int) -> Int64:
    """Return the fold of each example, `[N]`, 0 to `count` - 1.

    Each unit in turn, the largest first, goes to the fold that has the smallest part of its classes, of equals to the
    smallest. Labels that are numbers are no classes.

    Args:
        units: `[N]`, what stays together.
        labels: `[N]`, classes, or numbers.
        count: folds; at most as many as there are units.
    """
    _, indices = np.unique(units, return_inverse=True)
    classes = np.zeros(len(labels), dtype=np.int64)
    if labels.dtype.kind != "f":
        classes = np.unique(labels, return_inverse=True)[1]
    counts = np.zeros((int(indices.max()) + 1, int(classes.max()) + 1))
    np.add.at(counts, (indices, classes), 1)
    sizes, rarest = counts.sum(axis=1), counts / counts.sum(axis=0)
    held = np.zeros((min(count, len(counts)), counts.shape[1]))
    chosen = np.zeros(len(counts), dtype=np.int64)
    for unit in np.argsort(-sizes, kind="stable"):
        part = held @ rarest[unit]
        chosen[unit] = np.lexsort((held.sum(axis=1), part))[0]
        held[chosen[unit]] += counts[unit]
    found: Int64 = chosen[indices]
    return found

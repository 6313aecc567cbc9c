"""Columns that tell the label by themselves: mostly known only afterwards, and no use when it matters."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.kinds.ranking import roc_auc
from components.kinds.table.codec.features import Definition, date_names, names
from components.kinds.table.prepare.findings import Finding

_CERTAIN = 0.999  # area under the ROC curve from which a column tells the label
_FEWEST = 10  # positives, negatives, records of a category: with fewer, chance does it too
_MOST = 1_000_000  # records that are looked at
_CLASSES = 8  # the commonest, each pair of which is looked at


def leaks(out: Path, definition: Definition) -> Finding:
    """Return the columns, not the windows, that separate the labels of the train split in `out`.

    Of several classes a column has to separate every pair: that it tells one class, as the length of a petal tells
    setosa from other irises, makes it a good feature. Of numbers nothing is found.
    """
    inputs, labels = (np.load(out / f"train_{name}.npy", mmap_mode="r") for name in ("inputs", "labels"))
    if labels.dtype.kind == "f":
        return Finding(0, [])
    rows = np.flatnonzero(labels >= 0)
    rows = rows[:: len(rows) // _MOST + 1]
    pairs = list(_pairs(labels[rows]))
    if not pairs:
        return Finding(0, [])
    areas: dict[str, float] = {}
    dates = {feature: column for column in definition.dates for feature in date_names(column, definition)}
    for index, name in enumerate(names(definition)):
        if name in definition.numbers or name in dates:
            column = dates.get(name, name)
            of_pairs = (_of_number(inputs[rows[within], index], positive) for within, positive in pairs)
            areas[column] = max(areas.get(column, 0.0), _least(of_pairs))
        elif name in definition.categories:
            codes = inputs[rows, index].astype(np.int64)
            areas[name] = _least(_of_category(codes[within], positive) for within, positive in pairs)
    found = {name: round(area, 4) for name, area in areas.items() if area > _CERTAIN}
    examples = [f"column {name!r}: ROC AUC {area} by itself in the train split" for name, area in found.items()]
    return Finding(len(found), examples, dict(found))


def _pairs(labels: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Yield of each pair of common classes which records are of them, `[N]`, and which of these of the second."""
    counts = np.bincount(labels)
    common = [label for label in np.argsort(-counts, kind="stable")[:_CLASSES] if counts[label] >= _FEWEST]
    for first, second in combinations(sorted(common), 2):
        within = (labels == first) | (labels == second)
        yield within, labels[within] == second


def _least(areas: Iterator[float]) -> float:
    """Return the least area, or the first that is so small that the column tells nothing."""
    least = 1.0
    for area in areas:
        least = min(least, area)
        if least <= _CERTAIN:
            break
    return least


def _of_number(values: NDArray[np.float32], positive: NDArray[np.bool_]) -> float:
    """Return the area, either way round, with missing values below all others or above them."""
    areas = [roc_auc(positive, np.where(np.isnan(values), end, values)) for end in (-np.inf, np.inf)]
    return max(max(area, 1.0 - area) for area in areas)


def _of_category(codes: NDArray[np.int64], positive: NDArray[np.bool_]) -> float:
    """Return the area of the share of positives in each category; the rare ones are one together."""
    codes = np.where(np.bincount(codes)[codes] < _FEWEST, -1, codes) + 1
    count = np.bincount(codes)
    return roc_auc(positive, np.bincount(codes, weights=positive)[codes] / count[codes])

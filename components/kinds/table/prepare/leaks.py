"""Columns that tell the label by themselves: mostly known only afterwards, and no use when it matters."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.kinds.ranking import roc_auc
from components.kinds.table.codec.features import Definition, date_names, names
from components.kinds.table.prepare.findings import Finding

_CERTAIN = 0.999  # area under the ROC curve from which a column tells the label
_FEWEST = 10  # positives, negatives, records of a category: with fewer, chance does it too
_MOST = 1_000_000  # records that are looked at


def leaks(out: Path, definition: Definition) -> Finding:
    """Return the columns, not the windows, that separate two labels of the train split in `out`.

    Of more classes the commonest is held against the others; of numbers nothing is found.
    """
    inputs, labels = (np.load(out / f"train_{name}.npy", mmap_mode="r") for name in ("inputs", "labels"))
    if labels.dtype.kind == "f":
        return Finding(0, [])
    rows = np.flatnonzero(labels >= 0)
    rows = rows[:: len(rows) // _MOST + 1]
    several = labels.max(initial=0) > 1
    positive = labels[rows] != np.bincount(labels[rows]).argmax() if several else labels[rows] == 1
    if min(positive.sum(), (~positive).sum()) < _FEWEST:
        return Finding(0, [])
    areas: dict[str, float] = {}
    dates = {feature: column for column in definition.dates for feature in date_names(column, definition)}
    for index, name in enumerate(names(definition)):
        if name in definition.numbers or name in dates:
            column = dates.get(name, name)
            areas[column] = max(areas.get(column, 0.0), _of_number(inputs[rows, index], positive))
        elif name in definition.categories:
            areas[name] = _of_category(inputs[rows, index].astype(np.int64), positive)
    found = {name: round(area, 4) for name, area in areas.items() if area > _CERTAIN}
    examples = [f"column {name!r}: ROC AUC {area} by itself in the train split" for name, area in found.items()]
    return Finding(len(found), examples, dict(found))


def _of_number(values: NDArray[np.float32], positive: NDArray[np.bool_]) -> float:
    """Return the area, either way round, with missing values below all others or above them."""
    areas = [roc_auc(positive, np.where(np.isnan(values), end, values)) for end in (-np.inf, np.inf)]
    return max(max(area, 1.0 - area) for area in areas)


def _of_category(codes: NDArray[np.int64], positive: NDArray[np.bool_]) -> float:
    """Return the area of the share of positives in each category; the rare ones are one together."""
    codes = np.where(np.bincount(codes)[codes] < _FEWEST, -1, codes) + 1
    count = np.bincount(codes)
    return roc_auc(positive, np.bincount(codes, weights=positive)[codes] / count[codes])

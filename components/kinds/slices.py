"""Parts of the test split, by columns that the user names: a model may be better at large and worse in one of them.

    {split}_slices.npy    N x columns int64, index into the values of the column; columns by their names
    slices.json           the values of each column, by its name

They stand in the prepared data set where `prepare.slices` names a column: of the test split, and of the others where
all examples may be cross-validated.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.prepared import SPLITS, PreparedData
from components.system.files import read_json, write_json

MOST = 100
"""Values of a column that are looked at each for itself, the commonest; the others are too rare to say anything of."""

_OTHER = "(other)"
_DIGITS = (4, 6, 9, 17)  # of a limit: as few as tell it from the others


def write_slices(out: Path, columns: Mapping[str, Sequence[str]], splits: NDArray[np.integer[Any]]) -> None:
    """Write the columns, `[N]` values each, into the prepared data set at `out`; `splits` are indices into `SPLITS`."""
    kept = {name: _kept(columns[name]) for name in sorted(columns)}
    codes = [_codes(columns[name], values) for name, values in kept.items()]
    whole = np.stack(codes, axis=1)
    for index in np.unique(splits):
        np.save(out / f"{SPLITS[index]}_slices.npy", whole[splits == index])
    write_json(out / "slices.json", kept)


def read_slices(data: PreparedData) -> dict[str, NDArray[np.bool_]]:
    """Return which test examples have each value, by `column: value`; nothing where no column was named."""
    if not data.has("test", "slices"):
        return {}
    codes, columns = data.array("test", "slices"), read_json(data.path / "slices.json")
    return {
        f"{name}: {value}": codes[:, column] == code
        for column, name in enumerate(sorted(columns))
        for code, value in enumerate(columns[name])
        if value != _OTHER
    }


def class_slices(data: PreparedData) -> dict[str, NDArray[np.bool_]]:
    """Return which test examples each class has, by `class: name`."""
    labels = np.asarray(data.labels("test"))
    return {f"class: {name}": labels == index for index, name in enumerate(data.classes)}


def number_slices(data: PreparedData) -> dict[str, NDArray[np.bool_]]:
    """Return which test examples lie in each quarter of their labels, which are numbers; equal ones share a quarter."""
    labels = np.asarray(data.labels("test"))
    there = labels[~np.isnan(labels)]
    limits = np.unique(np.quantile(there, (0.25, 0.5, 0.75))) if len(there) else np.empty(0)
    names = quarter_names(limits)
    quarter = np.where(np.isnan(labels), -1, np.searchsorted(limits, labels))
    return {f"label: {name}": quarter == index for index, name in enumerate(names) if (quarter == index).any()}


def quarter_names(limits: NDArray[np.floating]) -> list[str]:
    """Return the names of the parts between ascending limits; each holds its upper one."""
    if not len(limits):
        return ["any"]
    written = ([f"{limit:.{digits}g}" for limit in limits] for digits in _DIGITS)
    told = next(said for said in written if len(set(said)) == len(said))
    between = [f"{low} to {high}" for low, high in pairwise(told)]
    return [f"up to {told[0]}", *between, f"over {told[-1]}"]


def _kept(values: Sequence[str]) -> list[str]:
    common = [value for value, _ in Counter(sorted(values)).most_common(MOST)]
    return [*sorted(common), *([_OTHER] if len(set(values)) > MOST else [])]


def _codes(values: Sequence[str], kept: Sequence[str]) -> NDArray[np.int64]:
    code_of = {value: code for code, value in enumerate(kept)}
    return np.array([code_of.get(value, len(kept) - 1) for value in values], dtype=np.int64)

"""Parts of the test split, by columns that the user names: a model may be better at large and worse in one of them.

    {split}_slices.npy    N x columns int64, index into the values of the column or -1; columns by their names
    slices.json           the values of each column, by its name
    slice_limits.json     of columns of numbers the limits of their parts; it may not be there

They stand in the prepared data set where `prepare.slices` names a column: of the test split, whose values these are, of
the validation split, and of the others where all examples may be cross-validated.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from components.kinds.prepared import SPLITS, PreparedData, Split
from components.system.files import read_json, write_json

MOST = 100
"""Values of a column that are looked at each for itself, the commonest; the others are too rare to say anything of."""

MISSING = "(missing)"
"""The part of what has no value."""

_SLICES, _LIMITS = "slices.json", "slice_limits.json"
OTHER = "(other)"
"""The part of values that are too rare; it is no slice."""
_UNSAID: Final = object()
_DIGITS = (4, 6, 9, 17)  # of a limit: as few as tell it from the others


def write_slices(out: Path, columns: Mapping[str, Sequence[str]], splits: NDArray[np.integer[Any]]) -> None:
    """Write the columns, `[N]` values each, into the prepared data set at `out`; `splits` are indices into `SPLITS`."""
    kept = {name: _kept(columns[name]) for name in sorted(columns)}
    codes = [_codes(columns[name], values) for name, values in kept.items()]
    whole = np.stack(codes, axis=1)
    for index in np.unique(splits):
        np.save(out / f"{SPLITS[index]}_slices.npy", whole[splits == index])
    write_json(out / _SLICES, kept)


@dataclass(frozen=True)
class SliceRule:
    """Which part of a column a value is in."""

    column: str
    values: tuple[str, ...]
    limits: tuple[float, ...] | None = None
    """Of numbers whose values are parts, what lies between these."""

    def codes(self, records: Sequence[Mapping[str, Any]]) -> NDArray[np.int64]:
        """Return the index into `values` of each record, JSON as it came, `[N]`; -1: it says none of them."""
        known = {value: code for code, value in enumerate(self.values) if value != OTHER}
        numbers = {number: code for value, code in known.items() if (number := _as_number(value)) is not None}
        found = (self._code(record.get(self.column, _UNSAID), known, numbers) for record in records)
        return np.fromiter(found, np.int64, len(records))

    def _code(self, value: Any, known: Mapping[str, int], numbers: Mapping[float, int]) -> int:
        if value is None:
            return known.get(MISSING, -1)
        if isinstance(value, bool):
            return known.get(str(value).lower(), -1)
        if isinstance(value, int | float):
            if self.limits is None:
                return numbers.get(float(value), -1)
            return known.get(part_names(self.limits)[bisect_left(self.limits, value)], -1)
        return known.get(value, -1) if isinstance(value, str) else -1


def slice_rules(data: PreparedData) -> tuple[SliceRule, ...]:
    """Return the rule of each column that has been named, in the order of the arrays' columns; nothing where none was.

    Nor where the data were prepared before the limits of numbers were kept.
    """
    if not (data.path / _LIMITS).exists():
        return ()
    values, limits = read_json(data.path / _SLICES), read_json(data.path / _LIMITS)
    return tuple(
        SliceRule(name, tuple(values[name]), tuple(limits[name]) if name in limits else None) for name in sorted(values)
    )


def write_more(out: Path, split: Split, columns: Mapping[str, Sequence[str]]) -> None:
    """Write the columns of another split, beside `write_slices`; a value that is none of those is coded -1."""
    kept = read_json(out / _SLICES)
    codes = [_codes(columns[name], kept[name]) for name in sorted(columns)]
    np.save(out / f"{split}_slices.npy", np.stack(codes, axis=1))


def write_limits(out: Path, limits: Mapping[str, Sequence[float]]) -> None:
    """Write between which numbers the parts of columns lie."""
    write_json(out / _LIMITS, {name: list(found) for name, found in sorted(limits.items())})


def part_names(limits: Sequence[float]) -> list[str]:
    """Return the names of the parts that lie between ascending limits, as `prepare` calls them."""
    shown = [f"{limit:g}" for limit in limits]
    between = [f"{low} to {high}" for low, high in pairwise(shown)]
    return [*(f"up to {edge}" for edge in shown[:1]), *between, *(f"above {edge}" for edge in shown[-1:])] or ["any"]


def read_slices(data: PreparedData) -> dict[str, NDArray[np.bool_]]:
    """Return which test examples have each value, by `column: value`; nothing where no column was named."""
    if not data.has("test", "slices"):
        return {}
    codes, columns = data.array("test", "slices"), read_json(data.path / _SLICES)
    return {
        f"{name}: {value}": codes[:, column] == code
        for column, name in enumerate(sorted(columns))
        for code, value in enumerate(columns[name])
        if value != OTHER
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
    return [*sorted(common), *([OTHER] if len(set(values)) > MOST else [])]


def _codes(values: Sequence[str], kept: Sequence[str]) -> NDArray[np.int64]:
    code_of = {value: code for code, value in enumerate(kept)}
    other = code_of.get(OTHER, -1)
    return np.array([code_of.get(value, other) for value in values], dtype=np.int64)


def _as_number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None

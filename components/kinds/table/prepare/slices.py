"""The parts of the data that the model must be good in, by columns of the table."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from components.kinds.prepared import SPLITS
from components.kinds.slices import MISSING, part_names, write_limits, write_more, write_slices
from components.kinds.table.prepare.split import SPLIT, Parted

_FEW = 20  # values of a number that each are a part; of more, quarters are
_MOST = 1_000_000  # records that may be cross-validated: far more than anybody trains several times


def write_columns(parted: Parted, out: Path, columns: Sequence[str]) -> None:
    """Write the `columns` of the records, in their order, into the prepared data set at `out`.

    They are those of the test split, and by its values those of the validation split, by which a model at work is
    judged; of a table that may be cross-validated, those of every split.
    """
    every = parted.drawn and sum(parted.sizes.values()) <= _MOST
    table = _read(parted.frame.filter(pl.col(SPLIT) >= 0) if every else parted.test, columns)
    limits = {name: found for name in columns if (found := _limits(table[name])) is not None}
    values = {name: _values(table[name], limits.get(name)) for name in columns}
    write_slices(out, values, table[SPLIT].to_numpy())
    write_limits(out, limits)
    if not every:
        table = _read(parted.frame.filter(pl.col(SPLIT) == SPLITS.index("validation")), columns)
        write_more(out, "validation", {name: _values(table[name], limits.get(name)) for name in columns})


def _read(frame: pl.LazyFrame, columns: Sequence[str]) -> pl.DataFrame:
    return frame.select(*columns, SPLIT).collect(engine="streaming")


def _limits(column: pl.Series) -> list[float] | None:
    """Return what lies between the quarters of a number that has many values; None: each value is a part."""
    if not column.dtype.is_numeric() or column.n_unique() <= _FEW:
        return None
    values = _numbers(column)
    there = values[np.isfinite(values)]
    found: list[float] = np.unique(np.quantile(there, [0.25, 0.5, 0.75])).tolist() if len(there) else []
    return found


def _values(column: pl.Series, limits: Sequence[float] | None) -> list[str]:
    """Return the values as text; of a number that has many, the part that it lies in."""
    if limits is None:
        return column.cast(pl.String).fill_null(MISSING).to_list()
    values, names = _numbers(column), part_names(limits)
    indices = np.searchsorted(limits, values)
    return [MISSING if np.isnan(value) else names[index] for value, index in zip(values, indices, strict=True)]


def _numbers(column: pl.Series) -> NDArray[np.float64]:
    found: NDArray[np.float64] = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return found

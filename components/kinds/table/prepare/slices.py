"""The parts of the data that the model must be good in, by columns of the table."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from components.kinds.slices import write_slices
from components.kinds.table.prepare.split import SPLIT, Parted

_FEW = 20  # values of a number that each are a part; of more, quarters are
_MOST = 1_000_000  # records that may be cross-validated: far more than anybody trains several times
_MISSING = "(missing)"


def write_columns(parted: Parted, out: Path, columns: Sequence[str]) -> None:
    """Write the `columns` of the records, in their order, into the prepared data set at `out`.

    They are those of the test split; of a table that may be cross-validated, those of every split.
    """
    every = parted.drawn and sum(parted.sizes.values()) <= _MOST
    frame = parted.frame.filter(pl.col(SPLIT) >= 0) if every else parted.test
    table = frame.select(*columns, SPLIT).collect(engine="streaming")
    write_slices(out, {name: _values(table[name]) for name in columns}, table[SPLIT].to_numpy())


def _values(column: pl.Series) -> list[str]:
    """Return the values as text; of a number that has many, the quarter that it lies in."""
    if column.dtype.is_numeric() and column.n_unique() > _FEW:
        return _quarters(column.cast(pl.Float64))
    return column.cast(pl.String).fill_null(_MISSING).to_list()


def _quarters(column: pl.Series) -> list[str]:
    values = column.fill_null(np.nan).to_numpy()
    there = values[np.isfinite(values)]
    edges = np.unique(np.quantile(there, [0.25, 0.5, 0.75])) if len(there) else np.empty(0)
    indices = np.searchsorted(edges, values)
    shown = [f"{edge:g}" for edge in edges]
    between = [f"{low} to {high}" for low, high in pairwise(shown)]
    names = [*(f"up to {edge}" for edge in shown[:1]), *between, *(f"above {edge}" for edge in shown[-1:])]
    return [_MISSING if np.isnan(value) else names[index] for value, index in zip(values, indices, strict=True)]

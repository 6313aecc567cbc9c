"""The parts of the test split that the model must be good in, by columns of the table."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from components.kinds.slices import write_slices

_FEW = 20  # values of a number that each are a part; of more, quarters are
_MISSING = "(missing)"


def write_columns(test: pl.LazyFrame, out: Path, columns: Sequence[str]) -> None:
    """Write the `columns` of the test records, in their order, into the prepared data set at `out`."""
    table = test.select(columns).collect(engine="streaming")
    write_slices(out, {name: _values(table[name]) for name in columns})


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

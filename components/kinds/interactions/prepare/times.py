"""Times as people keep them -> milliseconds since 1970."""

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.column import ROW, Texts
from components.kinds.interactions.prepare.values import plain
from components.kinds.times import formats
from components.kinds.times.columns import read_numbers
from components.kinds.times.deciding import decide_time

Times = NDArray[np.datetime64]

_MILLISECONDS = pl.Datetime("ms")


def milliseconds(column: pa.ChunkedArray, name: str, format: str | None = None) -> tuple[Times, str]:
    """Return the times of a column, `[N]` datetime64[ms], NaT where there is none, and how they were read.

    Args:
        column: times, dates, or texts or numbers that say times.
        name: what it is called.
        format: how texts and numbers are read; None: as the values settle it.

    Raises:
        ConfigError: there is no such format.
        DataError: they can be read in several ways, or in none; the line says what to write.
    """
    series = _unwrapped(pl.Series(name, pl.from_arrow(plain(column))))
    kind = series.dtype
    if kind.is_temporal() and kind not in (pl.Duration, pl.Time):
        return _plain(series.cast(_MILLISECONDS)), f"{name} holds times"
    if kind != pl.String and not kind.is_numeric():
        raise DataError(f"prepare.time: {name} holds {column.type}, which are no times")
    texts = Texts(series.to_frame().lazy().with_row_index(ROW), name, ())
    decision = decide_time(texts, kind, formats.asked(format), "prepare.time")
    if decision is None:  # numbers of seconds, or no value at all
        numbers = series.cast(pl.Float64) if kind == pl.String else series
        return _plain(read_numbers(numbers, "seconds").cast(_MILLISECONDS)), f"{name} holds seconds since 1970"
    return _plain(decision.read(series)), decision.said or f"{name} holds times"


def _unwrapped(series: pl.Series) -> pl.Series:
    """Return numbers as the types that count: of decimals, and of fractions that are no number."""
    if isinstance(series.dtype, pl.Decimal):
        return series.cast(pl.Float64 if series.dtype.scale else pl.Int64)
    return series.fill_nan(None) if series.dtype.is_float() else series


def _plain(times: pl.Series) -> Times:
    found: Times = times.to_numpy().astype("datetime64[ms]")
    return found

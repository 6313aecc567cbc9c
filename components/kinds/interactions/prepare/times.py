"""Times as people keep them -> milliseconds since 1970."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from components.config.errors import DataError

Times = NDArray[np.datetime64]

_UNITS = (
    (1e11, "s", "seconds"),
    (1e14, "ms", "milliseconds"),
    (1e17, "us", "microseconds"),
    (np.inf, "ns", "nanoseconds"),
)
"""Numbers below the first are in that unit since 1970: seconds until the year 5138."""


def milliseconds(column: pa.ChunkedArray, name: str) -> tuple[Times, str]:
    """Return the times of a column, `[N]` datetime64[ms], NaT where there is none, and how they were read.

    Raises:
        DataError: they are neither times nor numbers since 1970.
    """
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _texts(column, name)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _plain(column.cast(pa.timestamp("ms"), safe=False)), f"{name} holds times"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _counted(column.cast(pa.float64(), safe=False).to_numpy(), name)
    raise DataError(f"prepare.time: {name} holds {kind}, which are no times")


def _texts(column: pa.ChunkedArray, name: str) -> tuple[Times, str]:
    texts = pc.utf8_trim_whitespace(column)
    texts = pc.if_else(pc.equal(texts, ""), None, texts)
    try:
        return _counted(texts.cast(pa.float64()).to_numpy(zero_copy_only=False), name)
    except pa.ArrowInvalid:
        pass
    for kind in (pa.timestamp("ms"), pa.timestamp("ms", "UTC")):
        try:
            return _plain(texts.cast(kind)), f"{name} holds times"
        except pa.ArrowInvalid as error:
            said = str(error)
    raise DataError(
        f"prepare.time: {name} cannot be read as times ({said}): write them as 2025-01-31 13:05:00, or as seconds "
        "since 1970"
    )


def _plain(column: pa.ChunkedArray) -> Times:
    found: Times = column.to_numpy().astype("datetime64[ms]")
    return found


def _counted(numbers: NDArray[np.float64], name: str) -> tuple[Times, str]:
    finite = np.isfinite(numbers)
    largest = float(np.abs(numbers[finite]).max(initial=0.0))
    unit, words = next((unit, words) for limit, unit, words in _UNITS if largest < limit)
    times = np.full(len(numbers), np.datetime64("NaT", "ms"))
    per = {"s": 1e3, "ms": 1.0, "us": 1e-3, "ns": 1e-6}[unit]
    times[finite] = np.round(numbers[finite] * per).astype(np.int64).astype("datetime64[ms]")
    return times, f"{name} holds {words} since 1970"

"""Dates that are not the time of a record -> numbers: how late it was, and where in the year, the week and the day.

A place in a cycle is a point on a circle, its sine and cosine: the end of a year is next to its beginning.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Part = Literal["days", "year", "week", "day"]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_DAY = 86_400_000
_HOUR = 3_600_000


def part_names(column: str, parts: Sequence[Part]) -> list[str]:
    """Return the names of the features of a column: `{column}_days`, `{column}_year_sin`, `{column}_year_cos`, ..."""
    ends = [[f"{part}_sin", f"{part}_cos"] if part != "days" else [part] for part in parts]
    return [f"{column}_{end}" for pair in ends for end in pair]


def of_dates(times: Float64, parts: Sequence[Part]) -> Float64:
    """Return the features `[N, F]`, in the order of `part_names`.

    Args:
        times: `[N]` milliseconds since 1970 (UTC); NaN is missing, and so are its features then.
        parts: `days` since 1970; the day of the `year`, the day of the `week` and the hour of the `day` as cycles.
    """
    there = ~np.isnan(times)
    whole = np.where(there, times, 0.0).astype(np.int64)
    columns = [column for part in parts for column in _part(whole, part)]
    return np.where(there[:, None], np.array(columns).reshape(len(columns), len(times)).T, np.nan)


def _part(times: Int64, part: Part) -> list[Float64]:
    if part == "days":
        return [times / _DAY]
    place, length = _place(times, part)
    return [column[place] for column in _CIRCLES[length]]


def _place(times: Int64, part: Part) -> tuple[Int64, int]:
    """Return where in the cycle each time is, from 0, and how long the cycle is."""
    if part == "day":
        return times % _DAY // _HOUR, 24
    if part == "week":
        return (times // _DAY + 3) % 7, 7  # 1970 began on a Thursday; 0 is Monday
    days = (times // _DAY).astype("datetime64[D]")
    return (days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64), 366


def _circle(length: int) -> tuple[Float64, Float64]:
    angles = 2.0 * np.pi * np.arange(length) / length
    return np.sin(angles), np.cos(angles)


_CIRCLES = {length: _circle(length) for length in (24, 7, 366)}
"""Looked up, not computed: one record has the same to the bit as a million."""

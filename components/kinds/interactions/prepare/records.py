"""The raw records as arrays: who took what, and when, in the order of time."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.interactions.params import Prepare
from components.kinds.interactions.params.columns import LIVE, Columns, find_columns
from components.kinds.interactions.prepare.times import Times, milliseconds
from components.kinds.interactions.prepare.values import ids, numbers

Int64 = NDArray[np.int64]

_SHOWN = 3
_LISTED = 8  # columns


@dataclass(frozen=True)
class Records:
    """Interactions, `[N]` each, in the order of time."""

    users: Int64
    """Their numbers, from 0."""
    items: Int64
    """Likewise."""
    times: Int64
    """Milliseconds since 1970."""
    propensity: NDArray[np.float64] | None
    rows: Int64
    """Which raw record each is."""
    names: list[str]
    """What the items are called."""
    people: list[str]
    """What the users are called."""
    user: str
    """The column that names them."""
    read: list[str]
    """Sentences that say how the columns were understood."""
    findings: dict[str, dict[str, Any]]
    """What was left out, by why."""


def read_records(raw: Path, config: Prepare) -> Records:
    """Read the Parquet file of raw records.

    Raises:
        DataError: a column is missing or cannot be read, or there are fewer than two users, items or moments.
    """
    given = pq.read_schema(raw).names
    columns = find_columns(given, config)
    table = pq.read_table(raw, columns=[name for name in columns if name])
    users, items = (
        pc.dictionary_encode(ids(table[name], name)).combine_chunks() for name in (columns.user, columns.item)
    )
    times, told = _times(table[columns.time], columns.time, _live(raw), config.time_format)
    propensity = numbers(table[columns.propensity], columns.propensity) if columns.propensity else None
    left_out = {
        "without a user": pc.is_null(users).to_numpy(zero_copy_only=False),
        "without an item": pc.is_null(items).to_numpy(zero_copy_only=False),
        "without a time": np.isnat(times),
        **_low(table, columns, config),
        **_unknown(propensity, columns),
    }
    kept = np.flatnonzero(~np.logical_or.reduce(list(left_out.values())))
    order = kept[np.argsort(times[kept].astype(np.int64), kind="stable")]
    who, what = (_numbers(found.take(pa.array(order))) for found in (users, items))
    moments = times[order].astype(np.int64)
    _check(columns, len(who[1]), len(what[1]), moments)
    return Records(
        users=who[0],
        items=what[0],
        times=moments,
        propensity=_probable(None if propensity is None else propensity[order], columns),
        rows=order,
        names=what[1],
        people=who[1],
        user=columns.user,
        read=[_told(columns, given), told],
        findings={name: _finding(found) for name, found in left_out.items() if found.any()},
    )


def _live(raw: Path) -> int:
    """Return how many raw records, the last, are of what was suggested at work."""
    said = json.loads((pq.read_schema(raw).metadata or {}).get(b"journeyman", b"{}"))
    return int(said.get(LIVE, 0))


def _times(column: pa.ChunkedArray, name: str, live: int, format: str | None) -> tuple[Times, str]:
    """Return the times, and how they were read: the last `live` by themselves, as `logged` writes them."""
    if not live:
        return milliseconds(column, name, format)
    source, told = milliseconds(column.slice(0, len(column) - live), name, format)
    work, _ = milliseconds(column.slice(len(column) - live), name)
    return np.concatenate([source, work]), f"{told}; {live:,} interactions are of what was suggested at work"


def _numbers(found: pa.Array) -> tuple[Int64, list[str]]:
    """Return the codes anew, by those that are there, and their texts."""
    codes = found.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    there, numbers = np.unique(codes, return_inverse=True)
    return numbers.astype(np.int64), found.dictionary.take(pa.array(there)).to_pylist()


def _low(table: pa.Table, columns: Columns, config: Prepare) -> dict[str, NDArray[np.bool_]]:
    if columns.value is None:
        return {}
    values = numbers(table[columns.value], columns.value)
    return {
        f"without a {columns.value}": np.isnan(values),
        f"with a {columns.value} below {config.least:g}": values < config.least,
    }


def _unknown(propensity: NDArray[np.float64] | None, columns: Columns) -> dict[str, NDArray[np.bool_]]:
    return {} if propensity is None else {f"without a {columns.propensity}": np.isnan(propensity)}


def _probable(propensity: NDArray[np.float64] | None, columns: Columns) -> NDArray[np.float64] | None:
    """Return how probably each was shown, all of them probabilities."""
    if propensity is None:
        return None
    wrong = ~((propensity > 0.0) & (propensity <= 1.0))
    if wrong.any():
        raise DataError(
            f"prepare.propensity: {columns.propensity} is {propensity[wrong][0]:g} of {wrong.sum():,} interactions: a "
            "probability above 0, at most 1, is needed of each"
        )
    return propensity


def _check(columns: Columns, users: int, items: int, times: Int64) -> None:
    if not len(times):
        raise DataError("no interaction has a user, an item and a time: see prepare.user, prepare.item, prepare.time")
    for name, count, what in ((columns.user, users, "user"), (columns.item, items, "item")):
        if count < 2:
            raise DataError(
                f"{name}: there is one {what} alone: suggestions are learned from what several users took of several "
                "items"
            )
    if times[0] == times[-1]:
        raise DataError(f"{columns.time}: every interaction has the same time, and the splits are spans of it")


def _told(columns: Columns, names: Sequence[str]) -> str:
    value = f", how much it was liked {columns.value!r}" if columns.value else ""
    shown = f", how probably it was shown {columns.propensity!r}" if columns.propensity else ""
    others = [repr(name) for name in names if name not in columns]
    rest = f"; not read: {', '.join(others[:_LISTED])}{', …' if len(others) > _LISTED else ''}" if others else ""
    return f"who is {columns.user!r}, what {columns.item!r}, when {columns.time!r}{value}{shown}{rest}"


def _finding(mask: NDArray[np.bool_]) -> dict[str, Any]:
    return {"count": int(mask.sum()), "examples": [f"row {row}" for row in np.flatnonzero(mask)[:_SHOWN].tolist()]}

"""Examples of what is strange: answered rows that lie outside of what the model was validated on, in most columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.watch.columns import OUTPUT
from components.watch.statistics.drift import Reference
from components.watch.statistics.drift.bins import MOST as MOST_BINS
from components.watch.statistics.drift.bins import Bins

MOST = 10
"""Rows that are shown."""
_NAMED = 5  # columns of a row


@dataclass(frozen=True)
class Strange:
    """A row, and why; no value of it is told."""

    id: str
    """Of its event."""
    why: tuple[str, ...]
    """A sentence for each of its first few columns that lie outside."""
    columns: int
    """How many do."""


def strange(known: Reference, columns: Mapping[str, NDArray[Any]], ids: pa.Array) -> list[Strange]:
    """Return the rows that lie outside in most columns, at most `MOST`; see `strangest`.

    A number lies outside where it is below the least or above the largest of validation, a category where validation
    had none of its name. Outputs are not looked at.

    Args:
        known: the reference of the version that answered.
        columns: `[N]` each.
        ids: of the rows, `[N]`.
    """
    outside = [
        found
        for name, bins in known.bins.items()
        if not name.startswith(OUTPUT) and name in columns
        for found in _outside(name, bins, columns[name])
    ]
    if not outside:
        return []
    often = np.sum([where for _, where in outside], axis=0)
    rows = np.flatnonzero(often)
    if len(rows) > MOST:  # of the rest none can be among them
        rows = rows[often[rows] >= np.sort(often[rows])[-MOST]]
    names = ids.take(pa.array(rows)).to_pylist()
    first = sorted(sorted(zip(names, rows.tolist(), strict=True), reverse=True), key=lambda row: -often[row[1]])[:MOST]
    return [
        Strange(name, tuple([said for said, where in outside if where[row]][:_NAMED]), int(often[row]))
        for name, row in first
    ]


def strangest(found: Iterable[Strange]) -> list[Strange]:
    """Return those that lie outside in most columns, the latest of several alike first, at most `MOST`."""
    return sorted(sorted(found, key=lambda row: row.id, reverse=True), key=lambda row: -row.columns)[:MOST]


def _outside(name: str, bins: Bins, values: NDArray[Any]) -> list[tuple[str, NDArray[np.bool_]]]:
    if bins.edges is None:
        if len(bins.categories) >= MOST_BINS - 1:
            return []  # the rarer ones are not kept by name
        return [(f"{name}: of no category that validation had", bins.codes(values) == len(bins.categories))]
    if not len(bins.edges):
        return []
    numbers, edges = values.astype(np.float64), bins.edges
    return [
        (f"{name}: below {edges[1]:.4g}, the least of validation", numbers <= edges[0]),
        (f"{name}: above {edges[-1]:.4g}, the largest of validation", numbers > edges[-1]),
    ]

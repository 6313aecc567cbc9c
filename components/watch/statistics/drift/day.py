"""What a day looked like, by counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.watch.statistics.drift.bins import Bins
from components.watch.statistics.drift.clusters import cluster_size

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Day:
    """The counts of one day; those of several are their sum."""

    counts: Int64
    """`[columns, bins]`; each row of it sums to the rows of the day."""
    rows: int
    entities: NDArray[Any]
    """`[entities]`, those that were there; empty where none is named."""
    rows_of: Int64
    """`[entities]`, how many rows each has."""
    weekday: int | None = None
    """0 for Monday; none where it is not known, or there are several."""

    @property
    def cluster(self) -> float:
        """How many rows are alike, at most."""
        return cluster_size(self.rows_of)


def weekday(dates: NDArray[Any]) -> Int64:
    """Return the weekday of each date, 0 for Monday."""
    found: Int64 = (dates.astype("datetime64[D]").astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    return found


def count_day(
    bins: Mapping[str, Bins],
    columns: Mapping[str, NDArray[Any]],
    entity: NDArray[Any] | None = None,
    day: np.datetime64 | None = None,
) -> Day:
    """Count a day's rows by the bins of a reference.

    Args:
        bins: of each column; see `Reference.bins`.
        columns: `[N]` each, under the same names; a column that is left out counts as missing in every row.
        entity: `[N]`, whose rows are alike, as a customer's; each row for itself where it is left out.
        day: which day it is.
    """
    rows = max((len(values) for values in columns.values()), default=0)
    width = max((each.count for each in bins.values()), default=0)
    counts = np.zeros((len(bins), width), dtype=np.int64)
    for index, (name, each) in enumerate(bins.items()):
        codes = each.codes(columns[name]) if name in columns else np.full(rows, each.count - 1)
        counts[index] = np.bincount(codes, minlength=width)
    empty = np.empty(0, dtype=np.int64)
    entities, rows_of = np.unique(entity, return_counts=True) if entity is not None else (empty, empty)
    return Day(counts, rows, entities, rows_of, None if day is None else int(weekday(np.array([day]))[0]))


def together(days: list[Day]) -> Day:
    """Return the counts of several days."""
    if len(days) == 1:
        return days[0]
    entities, where = np.unique(np.concatenate([day.entities for day in days]), return_inverse=True)
    rows_of = np.bincount(where, weights=np.concatenate([day.rows_of for day in days]), minlength=len(entities))
    counts = np.sum([day.counts for day in days], axis=0)
    return Day(counts, sum(day.rows for day in days), entities, rows_of.astype(np.int64))

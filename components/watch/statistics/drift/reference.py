"""What a model was validated on, by counts, and how much one of its days differs from the others: placebo days."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.watch.statistics.drift.bins import Bins, bins_of
from components.watch.statistics.drift.clusters import correlation
from components.watch.statistics.drift.day import Day, count_day, together, weekday
from components.watch.statistics.drift.effects import Chance, chance, distances

Floats = NDArray[np.float64]
Int64 = NDArray[np.int64]

ENOUGH = 10
"""Placebo days, to say how much days differ."""


@dataclass(frozen=True)
class Reference:
    """The counts of each sort of day, and by how much days of one sort differ."""

    bins: dict[str, Bins]
    counts: Int64
    """`[sorts of day, columns, bins]`: of each weekday, or of all days together."""
    weekdays: Int64
    """`[sorts of day]`, 0 for Monday; -1 for all days."""
    clusters: Floats
    """`[sorts of day]`, how many rows of each are alike at most."""
    correlation: Floats
    """`[columns]`, of two rows of one entity on one day; 0 where `placebo_days` say what comes of it."""
    between_days: Floats
    """`[columns]`, by how much days differ besides chance, as 1 / rows: so many rows a whole day is worth."""
    placebo_days: int
    """How many days were held against the others; 0 where they are too few to say anything."""
    day_rows: float
    """The mean rows of such a day."""

    @property
    def category(self) -> NDArray[np.bool_]:
        """Which columns are of categories, `[columns]`."""
        return np.array([each.edges is None for each in self.bins.values()], dtype=np.bool_)

    @property
    def rows(self) -> Int64:
        """`[sorts of day]`."""
        found: Int64 = self.counts[:, 0].sum(axis=-1)
        return found

    def chance(self) -> Chance:
        """Return what chance makes of distances from this reference."""
        return chance(self.counts.sum(axis=0) / self.rows.sum(), self.category)

    def count(
        self,
        columns: Mapping[str, NDArray[Any]],
        entity: NDArray[Any] | None = None,
        day: np.datetime64 | None = None,
    ) -> Day:
        """Count a day of traffic by this reference's bins; see `count_day`."""
        return count_day(self.bins, columns, entity, day)


def fit_reference(
    columns: Mapping[str, NDArray[Any]],
    day: NDArray[np.datetime64] | None = None,
    entity: NDArray[Any] | None = None,
) -> Reference:
    """Count what the model was validated on.

    Where each weekday is there twice, a day is held against the others of its weekday; otherwise against all others,
    and the rhythm of the week is a part of how much days differ. Without days rows are taken to be independent but
    for their entities, and nothing says how much days differ.

    Args:
        columns: `[N]` each: features, outputs, numbers of pictures. Numbers and truth values are compared as such,
            anything else as categories; not a number and None are missing.
        day: `[N]`, on which day each row was.
        entity: `[N]`, whose rows are alike, as a customer's.
    """
    bins = {name: bins_of(values) for name, values in columns.items()}
    none = np.zeros(len(bins))
    dates, of_day = (np.zeros(1), None) if day is None else np.unique(day.astype("datetime64[D]"), return_inverse=True)
    if of_day is None:
        days = [count_day(bins, columns, entity)]
    else:
        days = [_part(bins, columns, entity, of_day == index) for index in range(len(dates))]
    weekdays, sort = _sorts(dates)
    sorts = [together([days[at] for at in np.flatnonzero(sort == one)]) for one in range(sort.max() + 1)]
    counts, clusters = np.stack([each.counts for each in sorts]), np.array([each.cluster for each in sorts])
    found = Reference(bins, counts, weekdays, clusters, none, none, 0, 0.0)
    above = _placebo(found, days, sort)
    if len(above) < ENOUGH:
        return replace(found, correlation=_correlations(bins, columns, of_day, entity))
    error = np.std(above, axis=0, ddof=1) / np.sqrt(len(above))
    between = np.maximum(np.mean(above, axis=0) + 2 * error, 0)
    rows = float(np.mean([day.rows for day in days]))
    return replace(found, between_days=between, placebo_days=len(above), day_rows=rows)


def _sorts(dates: NDArray[Any]) -> tuple[Int64, Int64]:
    """Return the weekdays, and which of them each date is, where each is there twice; else one sort for all."""
    weekdays, sort, times = np.unique(weekday(dates), return_inverse=True, return_counts=True)
    if times.min() > 1:
        return weekdays, sort
    return np.array([-1]), np.zeros(len(dates), dtype=np.int64)


def _part(
    bins: dict[str, Bins], columns: Mapping[str, NDArray[Any]], entity: NDArray[Any] | None, rows: NDArray[Any]
) -> Day:
    return count_day(
        bins, {name: values[rows] for name, values in columns.items()}, None if entity is None else entity[rows]
    )


def _correlations(
    bins: dict[str, Bins], columns: Mapping[str, NDArray[Any]], of_day: Int64 | None, entity: NDArray[Any] | None
) -> Floats:
    """Return how alike rows of one entity on one day are, of each column."""
    if entity is None:
        return np.zeros(len(bins))
    group = np.unique(entity, return_inverse=True)[1]
    group = group if of_day is None else group * (of_day.max() + 1) + of_day
    return np.array([correlation(each.codes(columns[name]), each.count, group) for name, each in bins.items()])


def _placebo(reference: Reference, days: list[Day], sort: Int64) -> list[Floats]:
    """Return by how much each day differs from the others of its sort besides chance, `[columns]`, as 1 / rows.

    It is the squared distance, less what it would be of independent rows, in units of that of one row.
    """
    by_chance, found = reference.chance(), []
    for day, its in zip(days, sort, strict=True):
        rest = int(reference.rows[its]) - day.rows
        if day.rows == 0 or rest == 0:
            continue
        others = (reference.counts[its] - day.counts) / rest
        apart = distances(day.counts / day.rows, others, reference.category)
        found.append(apart**2 / np.maximum(by_chance.square, 1e-12) - (1 / day.rows + 1 / rest))
    return found

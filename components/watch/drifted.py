"""How a version's inputs and answers have moved since it was validated, by day, and the columns of the latest day."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from components.watch.report import ColumnDrift, DriftDay
from components.watch.rows import VersionRows
from components.watch.statistics.drift import Day, Drift, Reference, watch
from components.watch.statistics.drift.bins import Bins
from components.watch.statistics.drift.day import weekday

Floats = NDArray[np.float64]

ALPHA = 0.05
"""The probability of any alarm, in any column, on any day to come, where there is no drift."""
SHOWN = 30  # columns, the most drifted
_BARS = 12  # of a distribution that is shown


def drift(
    rows: VersionRows, known: Reference, until: date, embedded: Reference | None = None
) -> tuple[tuple[DriftDay, ...], tuple[ColumnDrift, ...]]:
    """Return the drift of each whole day before `until`, and the columns of the latest with traffic.

    The probability of a false alarm is divided over all columns, those of embeddings among them.

    Args:
        rows: of the version.
        known: its reference.
        until: the first day that is not looked at, for it is not over.
        embedded: the reference of its embeddings, of which a few rows of each day are known; None: there is none.
    """
    whole = sorted(day for day, of_day in rows.days.items() if of_day.counted and day < until)
    if not whole:
        return (), ()
    dates = [whole[0] + timedelta(days=index) for index in range((until - whole[0]).days)]
    counted = {day: of_day.counted for day, of_day in rows.days.items() if of_day.counted}
    of_embeddings = {day: of_day.embedded for day, of_day in rows.days.items() if of_day.embedded}
    total = len(known.bins) + (len(embedded.bins) if embedded else 0)
    found, columns = _looked_at(counted, known, dates, total)
    days, rows_of = [each.drifted for each in found], [each.rows for each in found]
    latest = max(index for index, each in enumerate(found) if each.day is not None)
    if embedded is not None:
        more, its_columns = _looked_at(of_embeddings, embedded, dates, total)
        days = [(*one, *other.drifted) for one, other in zip(days, more, strict=True)]
        columns += its_columns if more[latest].day is not None else []
    columns.sort(key=lambda column: (column.column not in days[latest], -column.size))
    told = zip(dates, rows_of, days, strict=True)
    return tuple(DriftDay(day=day, rows=count, drifted=names) for day, count, names in told), tuple(columns[:SHOWN])


def _looked_at(
    counted: Mapping[date, Day], known: Reference, dates: Sequence[date], columns: int
) -> tuple[list[Drift], list[ColumnDrift]]:
    """Return what each day says, and the columns of the last of `dates` that has rows.

    Args:
        counted: the counts by day.
        known: of what they are.
        dates: all of them.
        columns: over how many alpha is divided, these among them.
    """
    counts = [_counts(counted, known, day) for day in dates]
    found = watch(known, counts, ALPHA * (len(known.bins) / max(columns, 1)))
    with_rows = [index for index, each in enumerate(found) if each.day is not None]
    if not with_rows:
        return found, []
    latest = with_rows[-1]
    effects = found[latest].day
    assert effects is not None
    names, shares = list(known.bins), counts[latest].counts / counts[latest].rows
    before = known.counts[effects.sort] / known.rows[effects.sort]
    return found, [
        ColumnDrift(
            column=names[index],
            size=float(effects.size[index]),
            threshold=float(effects.threshold[index]),
            **_shown(known.bins[names[index]], before[index], shares[index]),
        )
        for index in range(len(names))
    ]


def _counts(counted: Mapping[date, Day], known: Reference, day: date) -> Day:
    moment = np.datetime64(day)
    if (found := counted.get(day)) is None:
        return known.count({}, None, moment)
    return replace(found, weekday=int(weekday(np.array([moment]))[0]))


def _shown(bins: Bins, before: Floats, now: Floats) -> dict[str, tuple[str, ...] | tuple[float, ...]]:
    """Return names and shares of a few bins: neighbours are taken together, of categories the commonest are shown."""
    names = _names(bins)
    before, now = before[: len(names)], now[: len(names)]
    if len(names) > _BARS:
        if bins.edges is None:
            names, before, now = _commonest(names, before, now)
        else:
            names, before, now = _pooled(names, before, now)
    there = (before > 0) | (now > 0)
    kept = np.flatnonzero(there) if there.any() else np.arange(len(names))
    return {
        "bins": tuple(names[index] for index in kept),
        "expected": tuple(float(before[index]) for index in kept),
        "now": tuple(float(now[index]) for index in kept),
    }


def _names(bins: Bins) -> list[str]:
    if bins.edges is None:
        return [*bins.categories, "(others)", "(missing or not known)"]
    edges = [f"{edge:.4g}" for edge in bins.edges]
    return [*(f"up to {edge}" for edge in edges), f"over {edges[-1]}" if edges else "any", "(missing)"]


def _commonest(names: list[str], before: Floats, now: Floats) -> tuple[list[str], Floats, Floats]:
    order = np.argsort(-(before + now), kind="stable")
    top, rest = order[: _BARS - 1], order[_BARS - 1 :]
    return (
        [*(names[index] for index in top), "(the rest)"],
        np.append(before[top], before[rest].sum()),
        np.append(now[top], now[rest].sum()),
    )


def _pooled(names: Sequence[str], before: Floats, now: Floats) -> tuple[list[str], Floats, Floats]:
    parts = [part for part in np.array_split(np.arange(len(names) - 1), _BARS - 1) if len(part)]
    parts.append(np.array([len(names) - 1]))
    return (
        [names[part[-1]] for part in parts],
        np.array([before[part].sum() for part in parts]),
        np.array([now[part].sum() for part in parts]),
    )

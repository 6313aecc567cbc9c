"""What is wrong with the data itself, by column and day: what is missing, out of range, or of no known category.

These are shares beside those of validation, and no alarm: whether they are more than chance is drift's to say.
"""

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from components.watch.columns import OUTPUT
from components.watch.report import DataProblem, DayShare, Problem
from components.watch.rows import VersionRows
from components.watch.statistics.drift import Reference
from components.watch.statistics.drift.bins import Bins

SHOWN = 30
"""Problems, the largest."""


def data_quality(rows: VersionRows, known: Reference) -> tuple[DataProblem, ...]:
    """Return what was more often wrong on some day than on the validation split, the largest share first.

    Args:
        rows: of the version.
        known: its reference.
    """
    days = {day: of_day.counted for day, of_day in sorted(rows.days.items()) if of_day.counted is not None}
    before = known.counts.sum(axis=0) / max(int(known.rows.sum()), 1)
    found = []
    for index, (name, bins) in enumerate(known.bins.items()):
        if name.startswith(OUTPUT):
            continue
        now = {day: dict(_shares(bins, each.counts[index] / each.rows)) for day, each in days.items() if each.rows}
        for problem, expected in _shares(bins, before[index]):
            problem_of_day = {day: shares[problem] for day, shares in now.items()}
            if any(share > expected for share in problem_of_day.values()):
                found.append(_problem(name, problem, expected, problem_of_day))
    return tuple(sorted(found, key=lambda each: each.expected - max(day.share for day in each.days))[:SHOWN])


def _shares(bins: Bins, shares: NDArray[np.float64]) -> Iterator[tuple[Problem, float]]:
    """Yield the share of rows with each problem that the column can have."""
    yield "missing", float(shares[bins.count - 1])
    if bins.edges is None:
        yield "unknown category", float(shares[bins.count - 2])
    elif len(bins.edges):
        yield "out of range", float(shares[0] + shares[bins.count - 2])


def _problem(column: str, problem: Problem, expected: float, shares: Mapping[date, float]) -> DataProblem:
    days = tuple(DayShare(day=day, share=share) for day, share in shares.items())
    return DataProblem(column=column, problem=problem, expected=expected, days=days)

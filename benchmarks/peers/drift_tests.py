"""What others ask of a column: PSI, a Kolmogorov-Smirnov test, and what evidently 0.7.23 does by default.

evidently installs beside the pinned versions, but asks pandas for a name that pandas 3 does not have any more, and
takes seconds a day; so its default tests of a reference of over 1,000 rows are written here as its own code has them,
of columns that it is told are numbers or categories: Wasserstein's distance by the standard deviation, or Jensen and
Shannon's for categories and up to five different numbers; drift from 0.1 on, of the data set where half of the
columns have it. `benchmarks.drift --evidently PYTHON` holds them against evidently itself, in a Python that has it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon
from scipy.special import kolmogorov

Floats = NDArray[np.float64]
Columns = Mapping[str, NDArray[Any]]

_LEAST = 1e-4
_FEW = 5


class Tests:
    """The tests of days against one reference."""

    def __init__(self, reference: Columns) -> None:
        self._sorted = {
            name: np.sort(values.astype(np.float64)) if values.dtype.kind in "iuf" else values
            for name, values in reference.items()
        }
        self._values = {name: np.unique(values, return_counts=True) for name, values in reference.items()}
        numbers = {name: values for name, values in self._sorted.items() if values.dtype.kind == "f"}
        self._deviation = {name: max(float(values.std()), 0.001) for name, values in numbers.items()}
        self._bins = {name: _bins(values) for name, values in numbers.items()}

    def psi(self, day: Columns) -> Floats:
        """Return the population stability index of each column: ten bins of equal counts, or each category."""
        return np.array([self._psi(name, values) for name, values in day.items()])

    def ks(self, day: Columns) -> Floats:
        """Return the p-value of each column: Kolmogorov and Smirnov's, of categories by that which differs most."""
        return np.array([self._ks(name, values) for name, values in day.items()])

    def evidently(self, day: Columns) -> Floats:
        """Return evidently's default distance of each column."""
        return np.array([self._evidently(name, values) for name, values in day.items()])

    def _psi(self, name: str, values: NDArray[Any]) -> float:
        if name in self._bins:
            edges, old = self._bins[name]
            new = _shares_of_bins(edges, values.astype(np.float64))
        else:
            old, new = self._shares(name, values)
        old, new = np.maximum(old, _LEAST), np.maximum(new, _LEAST)
        return float(((new - old) * np.log(new / old)).sum())

    def _ks(self, name: str, values: NDArray[Any]) -> float:
        before = self._sorted[name]
        if before.dtype.kind != "f":
            old, new = self._shares(name, values)
            apart = np.abs(old - new).max()
        else:
            now = np.sort(values.astype(np.float64))
            every = np.concatenate([now, np.nextafter(now, -np.inf)])
            apart = np.abs(
                np.searchsorted(before, every, "right") / len(before) - np.searchsorted(now, every, "right") / len(now)
            ).max()
        return float(kolmogorov(apart * np.sqrt(len(before) * len(values) / (len(before) + len(values)))))

    def _evidently(self, name: str, values: NDArray[Any]) -> float:
        before, known = self._sorted[name], self._values[name][0]
        if len(known) <= _FEW:
            known = np.unique(np.concatenate([known, np.unique(values)]))
        if name not in self._deviation or len(known) <= _FEW:
            return float(jensenshannon(*self._shares(name, values)))
        return _wasserstein(before, np.sort(values.astype(np.float64))) / self._deviation[name]

    def _shares(self, name: str, values: NDArray[Any]) -> tuple[Floats, Floats]:
        known, counts = self._values[name]
        now, now_counts = np.unique(values, return_counts=True)
        every = np.unique(np.concatenate([known, now]))
        old, new = np.zeros(len(every)), np.zeros(len(every))
        old[np.searchsorted(every, known)] = counts / counts.sum()
        new[np.searchsorted(every, now)] = now_counts / now_counts.sum()
        return old, new


def _bins(before: Floats) -> tuple[Floats, Floats]:
    edges = np.unique(before[(np.arange(1, 10) * len(before)) // 10])
    return edges, _shares_of_bins(edges, before)


def _shares_of_bins(edges: Floats, values: Floats) -> Floats:
    found: Floats = np.bincount(np.searchsorted(edges, values, "right"), minlength=len(edges) + 1) / len(values)
    return found


def _wasserstein(before: Floats, now: Floats) -> float:
    """Return the area between the distribution functions of two sorted samples, in the time of the smaller one."""
    sums = np.append(0.0, before.cumsum())

    def area(until: Floats) -> Floats:
        """Return the area below the distribution function of `before`."""
        ranks = np.searchsorted(before, until, "right")
        found: Floats = (until * ranks - sums[ranks]) / len(before)
        return found

    level = np.arange(1, len(now)) / len(now)  # of the other, between its values
    start, end = now[:-1], now[1:]
    at = np.minimum((level * len(before)).astype(np.int64), len(before) - 1)
    across = np.clip(before[at], start, end)
    below = level * (across - start) - (area(across) - area(start))
    above = (area(end) - area(across)) - level * (end - across)
    ends = np.array([now[0], now[-1], max(before[-1], now[-1])])
    first, last, whole = area(ends)
    return float((below + above).sum() + first + (ends[2] - ends[1]) - (whole - last))

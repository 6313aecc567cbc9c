"""Bins of a column, so that a day is a row of counts whatever its traffic."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST = 64
"""Bins of a column, without that of what is missing."""

Floats = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Bins:
    """Of a column of numbers their limits, of one of categories its commonest; behind them one for what is missing."""

    edges: Floats | None
    """Ascending; bin `k` holds what is over edge `k - 1` and not over edge `k`."""
    categories: tuple[str, ...] = ()
    """The last bin but one has all others."""

    @property
    def count(self) -> int:
        """Number of bins."""
        return (len(self.categories) if self.edges is None else len(self.edges)) + 2

    def codes(self, values: NDArray[Any]) -> Int64:
        """Return the bin of each value, `[N]`; a value of another type than the column has is missing."""
        if self.edges is None:
            if values.dtype.kind == "U":
                known, which = np.unique(values, return_inverse=True)
                return self._of_categories(known.tolist())[which]
            return self._of_categories(values.tolist())
        numbers = values.astype(np.float64)
        found: Int64 = np.searchsorted(self.edges, numbers)
        found[np.isnan(numbers)] = len(self.edges) + 1
        return found

    def _of_categories(self, values: list[Any]) -> Int64:
        codes = _Codes(self.categories)
        return np.fromiter((codes[value] for value in values), np.int64, len(values))


class _Codes(dict[Any, int]):
    """The bin of each value; one that has been seen is looked up."""

    def __init__(self, categories: tuple[str, ...]) -> None:
        super().__init__()
        self._named = {name: index for index, name in enumerate(categories)}

    def __missing__(self, value: Any) -> int:
        other, missing = len(self._named), len(self._named) + 1
        self[value] = code = missing if _missing(value) else self._named.get(str(value), other)
        return code


def bins_of(values: NDArray[Any]) -> Bins:
    """Return bins of about equal counts for numbers and truth values, the commonest values for anything else."""
    if values.dtype.kind not in "biuf":
        known = Counter(str(value) for value in values.tolist() if not _missing(value))
        return Bins(
            None, tuple(name for name, _ in sorted(known.items(), key=lambda one: (-one[1], one[0]))[: MOST - 1])
        )
    numbers = values.astype(np.float64)
    numbers = np.sort(numbers[np.isfinite(numbers)])
    if len(numbers) == 0:
        return Bins(np.empty(0))
    edges = np.unique(numbers)
    if len(edges) > MOST // 2:
        edges = numbers[(np.linspace(0, 1, MOST // 2) * (len(numbers) - 1)).round().astype(np.int64)]
        edges, times = np.unique(edges, return_counts=True)
        often = edges[times > 1]
        edges = np.unique(np.concatenate([edges, np.nextafter(often, -np.inf)]))
    return Bins(np.unique(np.append(edges, np.nextafter(edges[0], -np.inf))))


def _missing(value: Any) -> bool:
    return value is None or value != value

"""Looking many numbers up in a long ascending array: by a table of where numbers begin with which bits.

`np.searchsorted` halves the whole array for each number, which misses the cache at most steps. Hashes are spread
evenly, so the table leaves a few places to halve; whatever the numbers are, what is found is the same.
"""

import numpy as np
from numpy.typing import NDArray

UInt64 = NDArray[np.uint64]
Int64 = NDArray[np.int64]

_MOST_BITS = 20  # of the table, which then takes 8 MiB
_LARGEST = np.uint64(2**64 - 1)
_EACH = 8  # numbers of the array for a place in the table


class Ascending:
    """Numbers, ascending, of which several may be equal."""

    def __init__(self, numbers: UInt64) -> None:
        """Take the numbers `[N]`."""
        self._numbers = numbers
        bits = min(max(len(numbers) // _EACH, 1).bit_length(), _MOST_BITS)
        self._shift = np.uint64(64 - bits)
        begins = np.arange(2**bits, dtype=np.uint64) << self._shift
        self._begins = np.append(np.searchsorted(numbers, begins), len(numbers)).astype(np.int64)
        self._steps = int(np.diff(self._begins).max()).bit_length()

    def first(self, wanted: UInt64) -> Int64:
        """Return how many numbers are below each of those wanted, `[M]`: as `np.searchsorted` does."""
        bucket = (wanted >> self._shift).astype(np.int64)
        low, high = self._begins[bucket], self._begins[bucket + 1]
        last = max(len(self._numbers) - 1, 0)
        for _ in range(self._steps):
            middle = (low + high) >> 1
            below = (low < high) & (self._numbers[np.minimum(middle, last)] < wanted)
            low, high = np.where(below, middle + 1, low), np.where(below, high, middle)
        return low

    def counts(self, wanted: UInt64, first: Int64) -> Int64:
        """Return how many numbers are equal to each of those wanted, `[M]`, which `first` says the places of."""
        found = np.zeros(len(wanted), dtype=np.int64)
        there = np.flatnonzero(first < len(self._numbers))
        there = there[self._numbers[first[there]] == wanted[there]]
        found[there] = 1
        several = there[first[there] + 1 < len(self._numbers)]
        several = several[self._numbers[first[several] + 1] == wanted[several]]
        found[several] = len(self._numbers) - first[several]
        several = several[wanted[several] < _LARGEST]
        found[several] = self.first(wanted[several] + np.uint64(1)) - first[several]
        return found

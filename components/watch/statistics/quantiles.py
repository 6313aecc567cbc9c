"""Quantiles of times and sizes from counts, so that a day takes the same memory whatever its traffic.

The counts are by the logarithm of the value: Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch
with relative-error guarantees" (2019). A quantile is told to within a hundredth of itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]

_RATIO = 1.02  # of the limits of a bin: (ratio - 1) / (ratio + 1) is the relative error


@dataclass(frozen=True)
class Scale:
    """The values that are told apart; what is outside counts as the nearest."""

    least: float
    most: float

    @property
    def bins(self) -> int:
        """How many counts there are."""
        return int(np.ceil(np.log(self.most / self.least) / np.log(_RATIO))) + 1

    def count(self, values: NDArray[np.floating]) -> Int64:
        """Return the counts `[bins]` of values `[N]`; those of several are their sum."""
        given = np.clip(values.astype(np.float64), self.least, self.most)
        return np.bincount(np.ceil(np.log(given / self.least) / np.log(_RATIO)).astype(np.int64), minlength=self.bins)

    def quantile(self, counts: Int64, part: float) -> float | None:
        """Return the value that `part` of those counted are at most; None: there are none."""
        total = int(counts.sum())
        if not total:
            return None
        which = int(np.searchsorted(counts.cumsum(), part * (total - 1), side="right"))
        return float(self.least * 2 * _RATIO**which / (_RATIO + 1))


SECONDS, BYTES = Scale(1e-6, 1e4), Scale(1.0, 1e10)

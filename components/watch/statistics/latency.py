"""Quantiles of times from counts, so that a day takes the same memory whatever its traffic.

The counts are by the logarithm of the time: Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch
with relative-error guarantees" (2019). A quantile is told to within a hundredth of itself.
"""

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]

_RATIO = 1.02  # of the limits of a bin: (ratio - 1) / (ratio + 1) is the relative error
_LEAST, _MOST = 1e-6, 1e4  # seconds; what is outside counts as the nearest
BINS = int(np.ceil(np.log(_MOST / _LEAST) / np.log(_RATIO))) + 1
"""How many counts there are."""


def count_seconds(seconds: NDArray[np.floating]) -> Int64:
    """Return the counts `[BINS]` of times `[N]`; those of several are their sum."""
    given = np.clip(seconds.astype(np.float64), _LEAST, _MOST)
    return np.bincount(np.ceil(np.log(given / _LEAST) / np.log(_RATIO)).astype(np.int64), minlength=BINS)


def quantile(counts: Int64, part: float) -> float | None:
    """Return the time, in seconds, that `part` of those counted are at most; None: there are none."""
    total = int(counts.sum())
    if not total:
        return None
    which = int(np.searchsorted(counts.cumsum(), part * (total - 1), side="right"))
    return float(_LEAST * 2 * _RATIO**which / (_RATIO + 1))

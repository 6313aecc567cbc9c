"""How well scores rank the positive above the negative, in a part of scikit-learn's time: bootstraps ask often."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]


def average_precision(labels: NDArray[Any], scores: NDArray[np.floating]) -> float:
    """Return the average precision, as scikit-learn has it; not a number without a positive.

    Args:
        labels: `[N]`; positive where 1.
        scores: `[N]`, none of them not a number.
    """
    flagged, hits = _by_threshold(labels, scores)
    if len(hits) == 0 or hits[-1] == 0:
        return float("nan")
    return float(((hits / flagged) * np.diff(hits, prepend=0)).sum() / hits[-1])


def roc_auc(labels: NDArray[Any], scores: NDArray[np.floating]) -> float:
    """Return the area under the ROC curve, as scikit-learn has it; not a number where a class has no record.

    Args:
        labels: `[N]`; positive where 1.
        scores: `[N]`, none of them not a number; they may be infinite.
    """
    flagged, hits = _by_threshold(labels, scores)
    if len(hits) == 0 or hits[-1] in (0, flagged[-1]):
        return float("nan")
    alarms = np.diff(flagged - hits, prepend=0)
    return float((alarms * (hits + np.append(0, hits[:-1]))).sum() / (2 * hits[-1] * (flagged[-1] - hits[-1])))


def _by_threshold(labels: NDArray[Any], scores: NDArray[np.floating]) -> tuple[Int64, Int64]:
    """Return, for each distinct score from the highest, how many have it or a higher one, and how many are positive."""
    ranked = np.sort(_ranks(scores) * 2 + (labels == 1))[::-1]  # the label stands behind the score: a single sort
    last = np.flatnonzero(np.append(np.diff(ranked >> 1) != 0, True)[: len(ranked)])  # equals are flagged together
    return last + 1, np.cumsum(ranked & 1)[last]


def _ranks(scores: NDArray[np.floating]) -> Int64:
    """Return whole numbers in the order of the scores, equal where they are.

    The bits of a float32 that is not negative are in its order; others are looked up, which takes longer.
    """
    if scores.dtype == np.float32 and not np.signbit(scores).any():
        return np.ascontiguousarray(scores).view(np.uint32).astype(np.int64)
    ranks: Int64 = np.unique(scores, return_inverse=True)[1]
    return ranks

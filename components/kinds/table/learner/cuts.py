"""Where one feature tells the labels apart: the cuts of a small decision tree on that feature alone.

Fully connected layers see a sharp limit (an amount above which everything is fraud) as a slope; told on which side of
the limit a value is, they need not learn it. Cuts from a tree are the target-aware bins of Gorishniy, Rubachev and
Babenko 2022, "On Embeddings for Numerical Features in Tabular Deep Learning" (arXiv:2203.05556).
"""

import heapq
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST = 8
"""Cuts of one feature."""
_CLASSES = 10
"""Classes that are held against the others, each by itself."""
_LEAST = 5
"""Examples on each side of a cut."""
_GAIN = 15.0
"""Nats that a cut has to save over all examples. By chance alone twice the gain is chi-squared with one degree of
freedom (Wilks 1938): a cut saves this much once in 20 million."""

Float64 = NDArray[np.float64]


def label_cuts(values: NDArray[np.floating], labels: NDArray[Any]) -> list[float]:
    """Return the cuts of one feature for any labels, ascending: of two classes those between them.

    Of more classes each is held against the others, of numbers the higher ones against the lower ones at their
    quartiles; the cuts of all these questions are taken.

    Args:
        values: `[N]` of one feature; missing ones (NaN) are left out.
        labels: `[N]`, each an index of a class, or a number.
    """
    if labels.dtype.kind == "f":
        questions = [labels > limit for limit in np.unique(np.quantile(labels, (0.25, 0.5, 0.75)))]
    elif (classes := np.unique(labels)).size > 2:
        questions = [labels == label for label in classes[:_CLASSES]]
    else:
        questions = [labels == classes[-1]]
    found = {cut for question in questions for cut in cuts(values, question.astype(np.int64))}
    return sorted(found)


def cuts(values: NDArray[np.floating], labels: NDArray[np.int64]) -> list[float]:
    """Return values between which the share of positives changes most, ascending; none where none tells anything.

    Args:
        values: `[N]` of one feature; missing ones (NaN) are left out.
        labels: `[N]`, 0 or 1.
    """
    there = ~np.isnan(values)
    order = np.argsort(values[there], kind="stable")
    ordered = values[there][order].astype(np.float64)
    positives = np.concatenate([[0.0], np.cumsum(labels[there][order])])
    waiting: list[tuple[float, int, int, int]] = []
    _consider(waiting, ordered, positives, 0, len(ordered))
    found: list[float] = []
    while waiting and len(found) < _MOST:
        _, first, index, end = heapq.heappop(waiting)
        found.append(float((ordered[index - 1] + ordered[index]) / 2))
        _consider(waiting, ordered, positives, first, index)
        _consider(waiting, ordered, positives, index, end)
    return sorted(found)


def _consider(
    waiting: list[tuple[float, int, int, int]], ordered: Float64, positives: Float64, first: int, end: int
) -> None:
    """Put the best cut of [first, end) among those that wait, if it is worth making."""
    indices = np.arange(first + _LEAST, end - _LEAST + 1)
    indices = indices[ordered[indices] > ordered[indices - 1]]
    if len(indices) == 0:
        return
    left, whole = positives[indices] - positives[first], positives[end] - positives[first]
    parts = _entropy(left, indices - first) + _entropy(whole - left, end - indices)
    best = int(parts.argmin())
    gain = float(_entropy(whole, end - first) - parts[best])
    if gain > _GAIN:
        heapq.heappush(waiting, (-gain, first, int(indices[best]), end))


def _entropy(positives: Float64, count: NDArray[np.int64] | int) -> Float64:
    """Return the nats that it takes to tell `count` labels, `positives` of which are positive."""
    share = np.clip(positives / count, 1e-12, 1 - 1e-12)
    nats: Float64 = -count * (share * np.log(share) + (1 - share) * np.log1p(-share))
    return nats

"""The test records that are plainly of their class, as counting alone can tell."""

from math import ceil

import numpy as np
from numpy.typing import NDArray

from components.kinds.prepared import PreparedData
from components.kinds.table.codec.input import Input

_PLAIN = 0.1  # part of a class's records that counts as plain
_MOST = 1_000  # of each class
_BINS = 10  # of a number, of as many training records each
_SAMPLE = 200_000  # training records that are counted

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def plainest(data: PreparedData[Input]) -> list[Int64]:
    """Return the indices of the test records of each class that are plainest.

    Of each class the tenth for which most evidence speaks: the sum over the features of how much more often their
    value, or one of about its size, is there in the class than elsewhere in the training split, as a logarithm (naive
    Bayes, Good 1950). No model is asked: what is plain is the same for all of them.
    """
    labels = np.asarray(data.labels("test"))
    if len(data.classes) == 2:
        evidence = _evidence(data, 1)
        return [_most(-evidence, labels == 0), _most(evidence, labels == 1)]
    return [_most(_evidence(data, label), labels == label) for label in range(len(data.classes))]


def _most(evidence: Float64, chosen: NDArray[np.bool_]) -> Int64:
    indices = np.flatnonzero(chosen & (evidence > 0))
    count = min(_MOST, ceil(_PLAIN * chosen.sum()))
    return np.sort(indices[np.argsort(-evidence[indices], kind="stable")[:count]])


def _evidence(data: PreparedData[Input], label: int) -> Float64:
    """Return that for each test record being of the class, `[N]`."""
    known = np.flatnonzero(data.labels("train") >= 0)
    known = known[:: ceil(max(len(known), 1) / _SAMPLE)]
    train, test = np.asarray(data.inputs("train")[known]), np.asarray(data.inputs("test"))
    positive = np.asarray(data.labels("train"))[known] == label
    numbers = train.shape[1] - len(data.input["definition"]["categories"])
    total = np.zeros(len(test))
    for index in range(train.shape[1]):
        edges = _edges(train[:, index]) if index < numbers else np.unique(train[:, index])
        bins, wanted = (_binned(values[:, index], edges) for values in (train, test))
        total += _weights(bins, positive, len(edges) + 2)[wanted]
    return total


def _edges(values: Float32) -> Float32:
    there = values[~np.isnan(values)]
    return np.unique(np.quantile(there, np.linspace(0, 1, _BINS + 1)[1:-1])) if len(there) else np.empty(0, np.float32)


def _binned(values: Float32, edges: Float32) -> Int64:
    """Return the bin of each value, `[N]`; missing ones have a bin of their own, the last."""
    return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))


def _weights(bins: Int64, positive: NDArray[np.bool_], count: int) -> Float64:
    """Return the weight of evidence of each bin, as if one more record of each class lay in it."""
    shares = [
        (np.bincount(bins[chosen], minlength=count) + 1) / (chosen.sum() + count) for chosen in (positive, ~positive)
    ]
    weights: Float64 = np.log(shares[0] / shares[1])
    return weights

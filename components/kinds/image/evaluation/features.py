"""Histograms of gradients of a prepared data set: what a baseline learns from."""

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures
from components.kinds.image.evaluation.hog import factor, hog
from components.kinds.prepared import PreparedData

_BATCH = 250_000  # values of pictures at once: what a processor's cache holds
_PIXELS = 100_000_000  # that vote: some 6 CPU-seconds
_READING = 40  # values that are read and averaged in the time in which one pixel votes
_ANSWERS = 2_000_000  # pictures x classes that are learned from: some 10 CPU-seconds
_ONE_MORE = 14  # classes in whose time a picture is read, however many there are

Float32 = NDArray[np.float32]


def gradient_features(data: PreparedData) -> BaselineFeatures:
    """Return the histograms of gradients of the training and of the test pictures.

    Of the training split or, where to learn from it would take more than some 20 CPU-seconds, of a part of it, spread
    evenly. What was chosen was chosen on the validation split of garments.
    """
    indices = _indices(data)
    train = _features(data.inputs("train"), indices)
    test = _features(data.inputs("test"), np.arange(len(data.inputs("test"))))
    return BaselineFeatures(train, np.asarray(data.labels("train"))[indices], test, "linear")


def _features(pictures: NDArray[np.uint8], indices: NDArray[np.int64]) -> Float32:
    """Return the features `[n, F]` of the pictures at `indices`, computed batch by batch."""
    size = max(1, _BATCH // pictures[0].size)
    return np.concatenate([hog(pictures[indices[at : at + size]]) for at in range(0, len(indices), size)])


def _indices(data: PreparedData) -> NDArray[np.int64]:
    """Return which training pictures are learned from."""
    count, height, width, channels = data.inputs("train").shape
    pixels = height * width // factor(height, width) ** 2 + height * width * channels // _READING
    most = min(_PIXELS // pixels, _ANSWERS // (len(data.classes) + _ONE_MORE))
    return np.linspace(0, count - 1, min(count, max(1, most))).astype(np.int64)

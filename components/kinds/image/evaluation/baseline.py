"""What the network has to be better than: scikit-learn's logistic regression on histograms of oriented gradients."""

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from components.kinds.baseline import limit_threads
from components.kinds.image.evaluation.hog import factor, hog
from components.kinds.prepared import PreparedData

if TYPE_CHECKING:
    from components.kinds.image.params import Train

_STEPS = 100  # of lbfgs, whether or not it has settled: fifty were worse on garments
_BATCH = 250_000  # values of pictures at once: what a processor's cache holds
_PIXELS = 100_000_000  # that vote: some 6 CPU-seconds
_READING = 40  # values that are read and averaged in the time in which one pixel votes
_ANSWERS = 2_000_000  # pictures x classes that are learned from: some 10 CPU-seconds
_ONE_MORE = 14  # classes in whose time a picture is read, however many there are

Float32 = NDArray[np.float32]


def baseline(data: PreparedData, config: "Train") -> Float32:
    """Return the baseline's probabilities `[N, classes]` of the test pictures.

    It learns from the training split or, where that would take more than some 20 CPU-seconds, from a part of it,
    spread evenly. What was chosen was chosen on the validation split of garments.
    """
    with limit_threads(config):
        indices = _indices(data)
        labels = np.asarray(data.labels("train"))[indices]
        known = np.unique(labels)
        answers = np.zeros((len(data.labels("test")), len(data.classes)), dtype=np.float32)
        if len(known) == 1:
            answers[:, known] = 1.0
        else:
            answers[:, known] = _answers(data, indices, labels)
    return answers


def _answers(data: PreparedData, indices: NDArray[np.int64], labels: NDArray[np.int64]) -> Float32:
    """Learn from the training pictures at `indices`; return the probabilities of the labels there are, in order."""
    model = LogisticRegression(max_iter=_STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(np.concatenate(list(_features(data.inputs("train"), indices))), labels)
    test = data.inputs("test")
    return np.concatenate([model.predict_proba(features) for features in _features(test, np.arange(len(test)))])


def _features(pictures: NDArray[np.uint8], indices: NDArray[np.int64]) -> Iterator[Float32]:
    """Yield the features `[n, F]` of the pictures at `indices`, batch by batch."""
    size = max(1, _BATCH // pictures[0].size)
    for start in range(0, len(indices), size):
        yield hog(pictures[indices[start : start + size]])


def _indices(data: PreparedData) -> NDArray[np.int64]:
    """Return which training pictures are learned from."""
    count, height, width, channels = data.inputs("train").shape
    pixels = height * width // factor(height, width) ** 2 + height * width * channels // _READING
    most = min(_PIXELS // pixels, _ANSWERS // (len(data.classes) + _ONE_MORE))
    return np.linspace(0, count - 1, min(count, max(1, most))).astype(np.int64)

"""The mean of the classes' F1 scores, with numpy alone: training asks for it too."""

import numpy as np
from numpy.typing import NDArray


def confusion_matrix(outputs: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return `[classes, classes]`: how many of a class (row) were taken for a class (column).

    Args:
        outputs: `[N, classes]`.
        labels: `[N]`, each an index of a class.
    """
    classes = outputs.shape[1]
    pairs = labels * classes + outputs.argmax(axis=1)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def mean_f1(confusion: NDArray[np.int64]) -> float:
    """Return the mean F1 of the classes that are there, of a confusion matrix."""
    f1 = 2 * confusion.diagonal() / np.maximum(confusion.sum(axis=0) + confusion.sum(axis=1), 1)
    return float(f1[confusion.sum(axis=1) > 0].mean())


def macro_f1(outputs: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the mean F1 of the classes that are there, of `[N, classes]` and labels `[N]`."""
    return mean_f1(confusion_matrix(outputs, labels))

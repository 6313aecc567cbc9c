"""What the probabilities of pictures are measured by.

Written out here: a bootstrap asks a thousand times, and scikit-learn's spend most of their time on checking arguments.
"""

import numpy as np
from numpy.typing import NDArray

from components.kinds.calibration import brier_score, expected_calibration_error


def answer_metrics(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """Return accuracy, the mean of the classes' F1 scores, and how well the probabilities are calibrated.

    That is `log_loss`, the mean negative log likelihood in nats, and what `components.kinds.calibration` measures.

    Args:
        probabilities: `[N, classes]`.
        labels: `[N]`, each an index of a class.
    """
    confusion = confusion_matrix(probabilities, labels)
    hits = confusion.diagonal()
    f1 = 2 * hits / np.maximum(confusion.sum(axis=0) + confusion.sum(axis=1), 1)
    present = confusion.sum(axis=1) > 0
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return {
        "accuracy": float(hits.sum() / len(labels)),
        "macro_f1": float(f1[present].mean()),
        "log_loss": float(-np.log(np.maximum(chosen, 1e-12)).mean()),
        "expected_calibration_error": expected_calibration_error(probabilities, labels),
        "brier_score": brier_score(probabilities, labels),
    }


def confusion_matrix(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return `[classes, classes]`: how many of a class (row) were taken for a class (column)."""
    classes = probabilities.shape[1]
    pairs = labels * classes + probabilities.argmax(axis=1)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)

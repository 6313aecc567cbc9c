"""What the probabilities of classes are measured by.

Written out here: a bootstrap asks a thousand times, and scikit-learn's spend most of their time on checking arguments.
"""

import numpy as np
from numpy.typing import NDArray

from components.kinds.calibration import brier_score, expected_calibration_error
from components.tasks.classification.objective.macro_f1 import confusion_matrix, mean_f1


def answer_metrics(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """Return accuracy, the mean of the classes' F1 scores, and how well the probabilities are calibrated.

    That is `log_loss`, the mean negative log likelihood in nats, and what `components.kinds.calibration` measures.

    Args:
        probabilities: `[N, classes]`.
        labels: `[N]`, each an index of a class.
    """
    confusion = confusion_matrix(probabilities, labels)
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return {
        "accuracy": float(confusion.diagonal().sum() / len(labels)),
        "macro_f1": mean_f1(confusion),
        "log_loss": float(-np.log(np.maximum(chosen, 1e-12)).mean()),
        "expected_calibration_error": expected_calibration_error(probabilities, labels),
        "brier_score": brier_score(probabilities, labels),
    }

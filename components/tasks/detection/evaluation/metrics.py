"""What scores of the positive class are measured by: how they rank, how well they are calibrated, what they cost."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.calibration import brier_score, expected_calibration_error
from components.kinds.ranking import average_precision, roc_auc
from components.tasks.detection.objective.cost import COST, cost_per_1000

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_CERTAIN = 1e-7  # from 0 and 1: the log loss of a float32 stays finite


def ranking(labels: Int64, scores: NDArray[np.floating]) -> dict[str, float]:
    """Return how well `[N]` scores rank the positive examples above the others."""
    return {"average_precision": average_precision(labels, scores), "roc_auc": roc_auc(labels, scores)}


def credibility(labels: Int64, scores: NDArray[np.floating]) -> dict[str, float]:
    """Return how well `[N]` scores, taken for probabilities of the positive class, are calibrated."""
    return {
        "log_loss": log_loss(labels, scores),
        "expected_calibration_error": expected_calibration_error(_both(scores), labels),
        "brier_score": brier(labels, scores),
    }


def brier(labels: Int64, scores: NDArray[np.floating]) -> float:
    """Return the Brier score of `[N]` probabilities of the positive class."""
    return brier_score(_both(scores), labels)


def _both(scores: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.stack([1.0 - scores, scores], axis=1)


def log_loss(labels: Int64, probabilities: NDArray[np.floating]) -> float:
    """Return the mean negative log likelihood of `[N]` labels, in nats; `[N]` probabilities of the positive class."""
    given = np.where(labels == 1, probabilities, 1.0 - probabilities).astype(np.float64)
    return float(-np.log(np.maximum(given, _CERTAIN)).mean())


def decided(
    labels: Int64, misses: Float64, scores: NDArray[np.floating], decision: Mapping[str, Any], false_alarm: float
) -> dict[str, float]:
    """Return what comes of flagging the examples whose score reaches the threshold.

    `precision` and `recall`; `cost_per_1000` examples, where a missed positive costs what `misses` says and a false
    alarm `false_alarm`; and for comparison `flag_nothing_cost_per_1000`.
    """
    positive, flagged = labels == 1, scores >= np.float32(decision["threshold"])
    hits = int((flagged & positive).sum())
    return {
        "precision": hits / max(int(flagged.sum()), 1),
        "recall": hits / max(int(positive.sum()), 1),
        COST: cost_per_1000(positive, flagged, misses, false_alarm),
        "flag_nothing_cost_per_1000": 1_000 * float(misses[positive].sum()) / len(scores),
    }

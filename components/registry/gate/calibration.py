"""The calibration of challenger and champion, and the calibration error that chance alone would give."""

import numpy as np
from numpy.typing import NDArray

from components.kinds.calibration import brier_score, expected_calibration_error
from components.registry.gate.evidence import CalibrationComparison, MetricComparison
from components.registry.gate.predictions import Predictions

_DRAWS = 200  # of labels drawn from the predicted probabilities
_CHANCE = 0.95  # of those draws have no larger error


def compare_calibration(challenger: Predictions, champion: Predictions | None) -> CalibrationComparison:
    """Return the calibration of the challenger, and of the champion beside it."""
    labels = np.asarray(challenger.spec.data.labels("test"))
    frequencies = np.bincount(labels, minlength=challenger.outputs.shape[1]) / len(labels)
    answers = [model.outputs for model in (challenger, champion) if model]
    errors = [expected_calibration_error(probabilities, labels) for probabilities in answers]
    scores = [brier_score(probabilities, labels) for probabilities in answers]
    return CalibrationComparison(
        error=MetricComparison("expected error", errors[0], errors[1] if champion else None),
        chance=chance(challenger.outputs, challenger.spec.config.seed),
        brier=MetricComparison("Brier score", scores[0], scores[1] if champion else None),
        frequencies=brier_score(np.broadcast_to(frequencies, challenger.outputs.shape), labels),
    )


def chance(probabilities: NDArray[np.float32], seed: int) -> float:
    """Return the calibration error that `[N, classes]` probabilities have by chance if all of them are true.

    Labels are drawn as the probabilities say, again and again (consistency resampling: Bröcker and Smith 2007,
    "Increasing the Reliability of Reliability Diagrams").
    """
    random = np.random.default_rng(seed)
    bounds = probabilities.cumsum(axis=1, dtype=np.float64)
    bounds /= bounds[:, -1:]
    errors = []
    for _ in range(_DRAWS):
        labels = (random.random((len(bounds), 1)) >= bounds).sum(axis=1)
        errors.append(expected_calibration_error(probabilities, labels))
    return float(np.quantile(errors, _CHANCE))

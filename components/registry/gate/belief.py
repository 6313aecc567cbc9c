"""Whether the probabilities of a model can be believed: measured, and what chance would give."""

import numpy as np
from numpy.typing import NDArray

from components.kinds.calibration import brier_score, expected_calibration_error
from components.registry.gate.facts import Calibration, Compared
from components.registry.gate.sitting import Sitting

_DRAWS = 200  # of labels that the probabilities promise
_CHANCE = 0.95  # of those draws have no larger error


def belief(ours: Sitting, theirs: Sitting | None) -> Calibration:
    """Return the calibration of the challenger, and of the champion beside it."""
    labels = np.asarray(ours.paper.data.labels("test"))
    frequencies = np.bincount(labels, minlength=ours.probabilities.shape[1]) / len(labels)
    answers = [one.probabilities for one in (ours, theirs) if one]
    errors = [expected_calibration_error(one, labels) for one in answers]
    scores = [brier_score(one, labels) for one in answers]
    return Calibration(
        error=Compared("expected error", errors[0], errors[1] if theirs else None),
        chance=chance(ours.probabilities, ours.paper.config.seed),
        brier=Compared("Brier score", scores[0], scores[1] if theirs else None),
        frequencies=brier_score(np.broadcast_to(frequencies, ours.probabilities.shape), labels),
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

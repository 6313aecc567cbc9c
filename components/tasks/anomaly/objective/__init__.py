"""Nothing is learned from labels: the kind's own model says how unusual an example is. Needs torch and numpy alone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.deciding import Deciding
from components.kinds.ranking import average_precision

if TYPE_CHECKING:
    from torch import Tensor

MONITOR = "validation_usualness"
_LEVELS = np.concatenate([np.arange(0, 0.9, 0.02), np.arange(0.9, 0.99, 0.003), np.arange(0.99, 1, 0.0004), [1.0]])
"""Shares of the validation examples at whose scores ranks are known: closest where examples are unusual."""


class Anomaly:
    """Takes the kind's suspicion, `[N, 1]`, 0 to 1; the graph answers it as it is."""

    MONITOR = MONITOR
    supervised = False
    bounded = True
    calibrated = False
    unusual_is_positive = True
    width = 1
    prior = np.zeros(1, dtype=np.float32)

    def __init__(self, alerts: float) -> None:
        """Take the share of ordinary examples that are to be flagged."""
        self._alerts = alerts

    def loss(self, raw: "Tensor", labels: "Tensor", smoothing: float = 0.0) -> "Tensor":
        """Return 0: no label is asked."""
        return raw.sum() * 0.0

    def outputs(self, raw: "Tensor", temperature: float = 1.0) -> "Tensor":
        """Return the suspicion."""
        return raw[:, :1]

    def monitored(self, outputs: NDArray[np.float32], labels: NDArray[Any]) -> float:
        """Return 1 less the mean score: nearly all validation examples are ordinary. No label is asked."""
        return 1.0 - float(outputs.mean()) if len(outputs) else 0.0

    def deciding(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None
    ) -> Deciding | None:
        """Return the average precision of the known anomalies; None: the labels know none, or nothing else."""
        known = labels >= 0
        if len(np.unique(labels[known])) < 2:
            return None
        return Deciding("average_precision", average_precision(labels[known], outputs[known, 0]))

    def temperature(self, raw: NDArray[np.float32], labels: NDArray[Any]) -> None:
        """Return none: a suspicion is no probability."""

    def decision(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None
    ) -> dict[str, Any]:
        """Return the threshold, and what ranks scores: shares of the split, and the score that so many do not reach.

        The threshold is the one that the stated share of those examples reach that are not known to be anomalies.
        """
        scores = outputs[:, 0] if len(outputs) else np.zeros(1, dtype=np.float32)
        ordinary = scores[labels != 1] if (labels == 0).any() or (labels < 0).any() else scores
        pairs = zip(_LEVELS.round(4).tolist(), np.quantile(scores, _LEVELS).tolist(), strict=True)
        return {"threshold": threshold(ordinary, self._alerts), "ranks": [list(pair) for pair in pairs]}


def threshold(scores: NDArray[np.float32], alerts: float) -> float:
    """Return the score that the highest share `alerts` of `[n]` reach, and at least one.

    Where so many share that score that it would be more, it is the next higher number, which none of them reaches.
    """
    ordered, most = np.sort(scores), max(1, round(alerts * len(scores)))
    limit = ordered[-most]
    return float(limit if (scores >= limit).sum() == most else np.nextafter(limit, np.float32(np.inf)))


def objective(config: Any, classes: Sequence[str], labels: NDArray[Any]) -> Anomaly:
    """Return the objective; whatever the labels are, they are not looked at."""
    return Anomaly(config.alerts)

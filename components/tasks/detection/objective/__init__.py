"""Log loss of the positive class, or none at all: without labels the kind's own model ranks. Needs torch and numpy."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.calibration import can_fit_temperature, fit_temperature
from components.kinds.deciding import COSTS, Deciding
from components.kinds.ranking import average_precision
from components.tasks.detection.objective.cost import COST, cost_per_1000, of_a_miss
from components.tasks.detection.objective.threshold import choose

if TYPE_CHECKING:
    from torch import Tensor

MONITOR = "validation_average_precision"


class Detection:
    """Learns the logit of the positive class, `[N, 1]`; the graph answers the probabilities of both, `[N, 2]`.

    The loss is plain: weighing the rare class up would make its probabilities too high.
    """

    MONITOR = MONITOR
    supervised = True
    bounded = True
    calibrated = True
    unusual_is_positive = True
    width = 1

    def __init__(self, config: Any, share: float) -> None:
        """Take the section `train`, and the share of positives among the labelled training examples, 0 to 1."""
        self._config = config
        self.prior = np.array([np.log(share) - np.log1p(-share)], dtype=np.float32)

    def loss(self, raw: "Tensor", labels: "Tensor", smoothing: float = 0.0) -> "Tensor":
        """Return the mean log loss of the examples whose label is known; 0 where none is."""
        from torch.nn import functional  # here: what measures and decides needs no torch

        known = labels >= 0
        wanted = labels[known].float() * (1.0 - smoothing) + smoothing / 2
        total = functional.binary_cross_entropy_with_logits(raw[known, 0], wanted, reduction="sum")
        return total / known.sum().clamp_min(1)

    def outputs(self, raw: "Tensor", temperature: float = 1.0) -> "Tensor":
        """Return the probabilities of the negative and of the positive class."""
        positive = (raw[:, 0] / temperature).sigmoid()
        return _both(positive)

    def monitored(self, outputs: NDArray[np.float32], labels: NDArray[Any]) -> float:
        """Return the average precision; 0 where no positive is known."""
        return ranked(outputs[:, 1], labels)

    def deciding(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None
    ) -> Deciding:
        """Return the average precision, or where costs decide those at the threshold; 0 where no label is known."""
        if self._config.metric != COST:
            return Deciding("average_precision", self.monitored(outputs, labels))
        known = labels >= 0
        if not known.any():
            return Deciding(COST, 0.0, lower_is_better=True)
        misses = np.ones(len(labels)) if costs is None else costs
        flagged = outputs[:, 1] >= np.float32(choose(outputs[:, 1], labels, costs, self._config))
        cost = cost_per_1000(labels[known] == 1, flagged[known], misses[known], self._config.false_alarm)
        return Deciding(COST, cost, lower_is_better=True)

    def temperature(self, raw: NDArray[np.float32], labels: NDArray[Any]) -> float | None:
        """Return the temperature by which the probabilities are most likely."""
        both = np.concatenate([np.zeros_like(raw), raw], axis=1)
        return fit_temperature(both, labels) if can_fit_temperature(labels) else None

    def decision(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None
    ) -> dict[str, Any]:
        """Return the threshold: from which probability on an example is taken for positive; and what it goes by."""
        found: dict[str, Any] = {"threshold": choose(outputs[:, 1], labels, costs, self._config)}
        if self._config.least_precision is None and self._config.least_recall is None:
            found[COSTS] = {"miss": of_a_miss(labels, costs), "false_alarm": float(self._config.false_alarm)}
        return found


class UnlabelledDetection:
    """Learns from no label: what the kind's own model finds unusual is suspicious, `[N, 1]`, 0 to 1."""

    MONITOR = MONITOR
    supervised = False
    bounded = True
    calibrated = False
    unusual_is_positive = True
    width = 1
    prior = np.zeros(1, dtype=np.float32)

    def __init__(self, config: Any) -> None:
        self._config = config

    def loss(self, raw: "Tensor", labels: "Tensor", smoothing: float = 0.0) -> "Tensor":
        """Return 0: no label is asked."""
        return raw.sum() * 0.0

    def outputs(self, raw: "Tensor", temperature: float = 1.0) -> "Tensor":
        """Return the suspicion, in place of the positive class's probability."""
        return _both(raw[:, 0])

    def monitored(self, outputs: NDArray[np.float32], labels: NDArray[Any]) -> float:
        """Return the average precision; 0 where no positive is known."""
        return ranked(outputs[:, 1], labels)

    def deciding(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None
    ) -> Deciding | None:
        """Return the average precision; None: no positive is known, or nothing else."""
        tells = (labels == 1).any() and (labels == 0).any()
        return Deciding("average_precision", self.monitored(outputs, labels)) if tells else None

    def temperature(self, raw: NDArray[np.float32], labels: NDArray[Any]) -> None:
        """Return none: a suspicion is no probability."""

    def decision(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None
    ) -> dict[str, Any]:
        """Return the threshold that `alerts` of the split reach."""
        return {"threshold": choose(outputs[:, 1], labels, costs, self._config, supervised=False)}


def _both(positive: "Tensor") -> "Tensor":
    """Return `[N, 2]` for the positive class's `[N]`."""
    import torch  # as above

    return torch.stack([1.0 - positive, positive], dim=1)


def ranked(scores: NDArray[np.float32], labels: NDArray[Any]) -> float:
    """Return the average precision of `[N]` scores; 0 where no positive is known."""
    known = labels >= 0
    return average_precision(labels[known], scores[known]) if (labels == 1).any() else 0.0


def objective(config: Any, classes: Sequence[str], labels: NDArray[Any]) -> Detection | UnlabelledDetection:
    """Return the objective, with labels or without.

    Raises:
        DataError: labels are to be learned from, and none is known.
    """
    if getattr(config, "labels", "all") == "none":
        return UnlabelledDetection(config)
    known = labels >= 0
    if not known.any():
        raise DataError("no label of the train split is known; learn without, by train.labels: none")
    return Detection(config, (int((labels == 1).sum()) + 0.5) / (int(known.sum()) + 1))

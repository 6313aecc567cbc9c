"""Cross-entropy over the classes. Needs torch and numpy alone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.calibration import can_fit_temperature, fit_temperature
from components.kinds.deciding import Deciding
from components.tasks.classification.objective.macro_f1 import macro_f1

if TYPE_CHECKING:
    from torch import Tensor


class Classification:
    """Learns the logits `[N, classes]`; the graph answers their softmax."""

    supervised = True
    bounded = True
    calibrated = True
    unusual_is_positive = False

    def __init__(self, classes: int, metric: str) -> None:
        self.width, self._metric = classes, metric
        self.MONITOR = f"validation_{metric}"
        self.prior = np.zeros(classes, dtype=np.float32)

    def loss(self, raw: "Tensor", labels: "Tensor", smoothing: float = 0.0) -> "Tensor":
        """Return the mean cross-entropy of the examples whose label is known; 0 where none is."""
        from torch.nn import functional  # here: what measures and decides needs no torch

        if bool((labels < 0).all()):
            return raw.sum() * 0.0
        return functional.cross_entropy(raw, labels, ignore_index=-1, label_smoothing=smoothing)

    def outputs(self, raw: "Tensor", temperature: float = 1.0) -> "Tensor":
        """Return the probabilities `[N, classes]`."""
        return (raw / temperature).softmax(dim=1)

    def monitored(self, outputs: NDArray[np.float32], labels: NDArray[Any]) -> float:
        """Return the deciding metric of the labelled examples; 0 where there is none."""
        known = labels >= 0
        if not known.any():
            return 0.0
        if self._metric == "macro_f1":
            return macro_f1(outputs[known], labels[known])
        return float((outputs[known].argmax(axis=1) == labels[known]).mean())

    def deciding(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None
    ) -> Deciding:
        """Return the deciding metric."""
        return Deciding(self._metric, self.monitored(outputs, labels))

    def temperature(self, raw: NDArray[np.float32], labels: NDArray[Any]) -> float | None:
        """Return the temperature by which the softmax is most likely."""
        return fit_temperature(raw, labels) if can_fit_temperature(labels) else None

    def decision(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None
    ) -> dict[str, Any]:
        """Return nothing: an example is taken for its most probable class."""
        return {}


def objective(config: Any, classes: Sequence[str], labels: NDArray[Any]) -> Classification:
    """Return the objective of so many classes.

    Raises:
        DataError: no label of the training split is known.
    """
    if not (labels >= 0).any():
        raise DataError("no label of the train split is known, and a classification learns from labels")
    return Classification(len(classes), config.metric or "accuracy")

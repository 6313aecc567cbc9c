"""What suggestions earn. Needs torch and numpy alone.

A head as wide as there are items could not be handed around for a hundred thousand of them, so the kind ranks inside of
its network, and trains by a loss of its own over all items: what is learned here is the order.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.deciding import Deciding
from components.kinds.suggestions import COLUMNS, gains, places, width

if TYPE_CHECKING:
    from torch import Tensor


class Ranking:
    """Takes the ranking `[N, 4 T]` that the kind's network ends in for its outputs."""

    supervised = True
    bounded = True
    calibrated = False
    unusual_is_positive = False

    def __init__(self, classes: int, metric: str) -> None:
        self._metric = metric
        self.width = width(classes)
        self.MONITOR = f"validation_{metric}"
        self.prior = np.zeros(self.width, dtype=np.float32)

    def loss(self, raw: "Tensor", labels: "Tensor", smoothing: float = 0.0) -> "Tensor":
        """Return 1 less the mean gain of the rankings; it has no gradient."""
        earned = 1.0 - self.monitored(raw.detach().cpu().numpy(), labels.cpu().numpy())
        return raw.new_tensor(earned)

    def outputs(self, raw: "Tensor", temperature: float = 1.0) -> "Tensor":
        """Return the ranking as it is."""
        return raw

    def monitored(self, outputs: NDArray[np.float32], labels: NDArray[Any]) -> float:
        """Return the deciding metric of the labelled examples; 0 where there is none."""
        known = labels >= 0
        if not known.any():
            return 0.0
        items = outputs[known, : self.width // COLUMNS]
        return float(gains(self._metric, places(items, labels[known])).mean())

    def deciding(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None
    ) -> Deciding:
        """Return the deciding metric."""
        return Deciding(self._metric, self.monitored(outputs, labels))

    def temperature(self, raw: NDArray[np.float32], labels: NDArray[Any]) -> None:
        """Return None: an order has no probabilities."""

    def decision(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None
    ) -> dict[str, Any]:
        """Return nothing: suggestions are in their order."""
        return {}


def objective(config: Any, classes: Sequence[str], labels: NDArray[Any]) -> Ranking:
    """Return the objective of so many items.

    Raises:
        DataError: no label of the training split is known.
    """
    if not (labels >= 0).any():
        raise DataError("no label of the train split is known, and a ranking learns from what was taken")
    return Ranking(len(classes), config.metric or "ndcg_at_10")

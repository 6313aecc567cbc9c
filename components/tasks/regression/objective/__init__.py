"""The number by the deciding metric's own loss, and two quantiles around it. Needs torch and numpy alone."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.config.errors import DataError
from components.kinds.deciding import Deciding
from components.tasks.regression.objective.conformal import fewest, widening
from components.tasks.regression.objective.loss import loss_of, quantile_levels

if TYPE_CHECKING:
    from torch import Tensor

logger = logging.getLogger(__name__)

_FAR = 6.0
"""Standard deviations of the training labels; of exponential ones the mean that is learned is off by a 400th of one."""


class Regression:
    """Learns `[N, 3]`: the number, a lower and an upper quantile, in standard deviations of the training labels.

    The graph answers them in the label's unit; no quantile lies on the wrong side of the number. The loss of the number
    is the one that decides: its square within reason (`rmse`: the mean is learned), its size (`mae`: the median), or
    that of the median as a quantile (`pinball_loss`). That of the quantiles is the pinball loss (Koenker and Bassett
    1978).
    """

    supervised = True
    bounded = False
    calibrated = False
    unusual_is_positive = False
    width = 3

    def __init__(self, metric: str, coverage: float, labels: NDArray[np.float64]) -> None:
        """Take the deciding metric, the coverage of the intervals, and the known labels of the training split, `[n]`.

        Raises:
            DataError: the labels are all the same, or infinite.
        """
        self._metric, self._coverage = metric, coverage
        self._mean, self._spread = float(labels.mean()), float(labels.std())
        if not np.isfinite(self._spread):
            raise DataError("the labels of the train split are too large to be learned: give them in a larger unit")
        if self._spread <= abs(self._mean) * np.finfo(np.float32).eps:
            raise DataError(f"every label of the train split is {self._mean:g}: there is nothing to learn")
        self.MONITOR = f"validation_neg_{metric}"
        standard = self.standardised(labels)
        lower, upper = np.quantile(standard, quantile_levels(coverage)[::2])
        middle = 0.0 if metric == "rmse" else float(np.median(standard))
        self.prior = np.array([middle, lower, upper], dtype=np.float32)
        below, _, above = quantile_levels(coverage)
        self.quantiles = (None if metric == "rmse" else 0.5, below, above)

    def standardised(self, labels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return labels `[n]` as the head's numbers are measured: in standard deviations from the mean."""
        return (labels - self._mean) / self._spread

    def loss(self, raw: "Tensor", labels: "Tensor", smoothing: float = 0.0) -> "Tensor":
        """Return the mean loss of the examples whose label is known; 0 where none is."""
        import torch  # here: what measures and decides needs no torch

        known = ~labels.isnan()
        wanted = ((labels[known] - self._mean) / self._spread).to(raw.dtype)
        away = wanted[:, None] - raw[known]
        middle = away[:, 0]
        total = (_squared(middle) if self._metric == "rmse" else middle.abs()).sum()
        for column, level in zip((1, 2), quantile_levels(self._coverage)[::2], strict=True):
            total = total + torch.maximum(level * away[:, column], (level - 1.0) * away[:, column]).sum()
        return total / known.sum().clamp_min(1)

    def outputs(self, raw: "Tensor", temperature: float = 1.0) -> "Tensor":
        """Return the number, the lower and the upper quantile, in the label's unit."""
        import torch

        scaled = raw * self._spread + self._mean
        value = scaled[:, 0]
        return torch.stack([value, torch.minimum(scaled[:, 1], value), torch.maximum(scaled[:, 2], value)], dim=1)

    def monitored(self, outputs: NDArray[np.float32], labels: NDArray[Any]) -> float:
        """Return the deciding metric times -1, as scikit-learn's `neg_…` scores; 0 where no label is known."""
        known = ~np.isnan(labels)
        if not known.any():
            return 0.0
        value, low, high = outputs[known].T
        return -loss_of(self._metric, labels[known], low, value, high, self._coverage)

    def deciding(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None
    ) -> Deciding:
        """Return the deciding metric; 0 where no label is known."""
        return Deciding(self._metric, -self.monitored(outputs, labels), lower_is_better=True)

    def temperature(self, raw: NDArray[np.float32], labels: NDArray[Any]) -> None:
        """Return none: a number is no probability."""

    def decision(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None
    ) -> dict[str, Any]:
        """Return the coverage, and by how much the quantiles have to be widened to hold so many true numbers."""
        known = ~np.isnan(labels)
        count, needed = int(known.sum()), fewest(self._coverage)
        if count < needed:
            logger.warning(
                "%d labelled validation examples are too few for intervals that hold %.4g of the true numbers: they "
                "need at least %d; the widest that they ask for is taken",
                count,
                self._coverage,
                needed,
            )
        found = widening(outputs[known, 1], outputs[known, 2], labels[known], self._coverage)
        return {"coverage": self._coverage, "quantile": found}


def _squared(away: "Tensor") -> "Tensor":
    """Return the squares, but of what is further away than `_FAR` the tangent (Huber 1964): no step is without bounds.

    A square's slope grows with the error, so that a step that is too long makes the next one longer.
    """
    import torch

    size = away.abs()
    return torch.where(size <= _FAR, size**2, _FAR * (2 * size - _FAR))


def objective(config: Any, classes: Sequence[str], labels: NDArray[Any]) -> Regression:
    """Return the objective, fitted to the known labels.

    Raises:
        DataError: no label of the training split is known, or all are the same.
    """
    known = np.asarray(labels, dtype=np.float64)
    known = known[~np.isnan(known)]
    if not len(known):
        raise DataError("no label of the train split is known, and a regression learns from labels")
    return Regression(config.metric or "rmse", config.coverage, known)

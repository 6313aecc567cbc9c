"""The logarithm of the mean, by the likelihood of a Poisson distribution. Needs torch and numpy alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.config.errors import DataError
from components.kinds.deciding import Deciding
from journeyman_counts.deviance import deviance

_LARGEST = 20.0  # logarithm of a mean: what is above is no count


class Counts:
    """Learns `[N, 1]`, the logarithm of the expected count."""

    MONITOR = "validation_neg_poisson_deviance"
    supervised, bounded, calibrated, unusual_is_positive = True, False, False, False
    width = 1

    def __init__(self, labels: NDArray[Any]) -> None:
        self.prior = np.array([np.log(labels.mean())], dtype=np.float32)

    def loss(self, raw: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
        """Return the mean negative log likelihood, less what does not depend on the mean; 0 where no label is known."""
        known = ~labels.isnan()
        wanted, found = labels[known].to(raw.dtype), raw[known, 0].clamp(max=_LARGEST)
        return (found.exp() - wanted * found).sum() / known.sum().clamp_min(1)

    def outputs(self, raw: Tensor, temperature: float = 1.0) -> Tensor:
        """Return the expected counts."""
        return torch.exp(raw.clamp(max=_LARGEST))

    def monitored(self, outputs: NDArray[Any], labels: NDArray[Any]) -> float:
        """Return the deviance times -1; 0 where no label is known."""
        known = ~np.isnan(labels)
        return -deviance(labels[known], outputs[known, 0]) if known.any() else 0.0

    def deciding(self, outputs: NDArray[Any], labels: NDArray[Any], costs: NDArray[Any] | None) -> Deciding:
        """Return the deviance."""
        return Deciding("poisson_deviance", -self.monitored(outputs, labels), lower_is_better=True)

    def temperature(self, raw: NDArray[Any], labels: NDArray[Any]) -> None:
        """Return none: a mean is no probability."""

    def decision(self, outputs: NDArray[Any], labels: NDArray[Any], costs: NDArray[Any] | None) -> dict[str, Any]:
        """Return nothing: the mean is the answer."""
        return {}


def objective(config: Any, classes: Sequence[str], labels: NDArray[Any]) -> Counts:
    """Return the objective, fitted to the known labels.

    Raises:
        DataError: a label is no count, or all are 0.
    """
    known = labels[~np.isnan(labels)]
    if not len(known) or (known < 0).any() or (known != np.round(known)).any() or not known.any():
        raise DataError("task: counts learns from whole numbers of 0 and more, and not from 0 alone")
    return Counts(known)

"""Batches of lists; where it is known how probably items were shown, with how much each example counts."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.kinds.batches import TrainingBatches


class WeighedBatches(TrainingBatches):
    """Inputs, labels and weights; which examples a batch holds is as in `TrainingBatches`."""

    def __init__(
        self, inputs: NDArray[Any], labels: NDArray[Any], batch_size: int, seed: int, weights: NDArray[np.float32]
    ) -> None:
        super().__init__(inputs, np.arange(len(labels), dtype=np.int64), batch_size, seed)
        self._taken, self._weights = np.asarray(labels), weights

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:  # type: ignore[override]
        for inputs, rows in super().__iter__():
            at = rows.numpy()
            yield inputs, torch.from_numpy(self._taken[at]), torch.from_numpy(self._weights[at])


def example_weights(propensity: NDArray[np.floating], clip: float) -> NDArray[np.float32]:
    """Return how much each example counts, `[N]`, 1 on average: the inverse of how probably its item was shown.

    What was shown rarely is rare among what was taken for that alone (Schnabel et al. 2016, arXiv:1602.05352). The
    inverse has no bound, so it is cut at `clip` times its median.
    """
    inverse = 1.0 / np.asarray(propensity, dtype=np.float64)
    inverse = np.minimum(inverse, clip * np.median(inverse))
    found: NDArray[np.float32] = (inverse / inverse.mean()).astype(np.float32)
    return found

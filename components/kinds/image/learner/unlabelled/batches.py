"""Batches of pictures with labels, and of others without; each a pure function of (seed, epoch, index)."""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.kinds.image.learner.batches import Seen, TrainingBatches, generator
from components.kinds.image.learner.unlabelled.fixmatch import RATIO

_OTHERS = 1  # behind the key of a batch: what is drawn for pictures without labels


class View(NamedTuple):
    """How pictures without labels are seen."""

    pictures: NDArray[Any]
    """uint8 `[N, H, W, C]`, or activations `[N, ways, ...]`."""
    how: Seen


class UnlabelledBatches(TrainingBatches):
    """Those of the labelled pictures, and beside each four times as many without labels, seen in two ways.

    As many steps and labels as without them. Which are seen is drawn anew for each batch.
    """

    def __init__(self, labelled: TrainingBatches, weak: View, strong: View) -> None:
        super().__init__(labelled.pictures, labelled.labels, labelled.batch_size, labelled.seed, labelled.how)
        self._views = weak, strong

    def _batch(self, order: NDArray[np.int64], epoch: int, index: int) -> tuple[Tensor, ...]:  # type: ignore[override]
        """Return pictures, labels `[N]`, and the others seen weakly and strongly: this process's part of each."""
        there, key = len(self._views[0].pictures), (self.seed, epoch, index, _OTHERS)
        count = min(RATIO * self.batch_size, there)
        chosen = np.sort(np.random.default_rng(key).choice(there, count, replace=False, shuffle=False))
        part, draws = self.share.part(0, count), generator(*key)
        others = [
            how(torch.from_numpy(np.asarray(pictures).take(chosen[part], 0)), draws, count, part)
            for pictures, how in self._views
        ]
        return (*super()._batch(order, epoch, index), *others)

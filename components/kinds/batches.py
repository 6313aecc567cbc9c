"""Batches of memory-mapped examples; what a training batch holds is a pure function of (seed, epoch, index)."""

from collections.abc import Iterator
from math import ceil
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from components.kinds.prepared import known
from components.kinds.share import Share

Batch = tuple[Tensor, Tensor]
"""Inputs `[N, ...]`, and labels `[N]`: int64, -1 not known, or float64, NaN not known."""

_SMALLEST = 16


class TrainingBatches:
    """One epoch after another of shuffled batches: first epochs over every example, then epochs over the labelled ones.

    Every epoch has as many steps as batches fit into the split. Where only a part of it is labelled, the batches are
    smaller by that part, so that few labels are not seen over and over, and learned by heart. A process gets its share
    of every batch: several together see the batches that one alone would. Iterating goes on from (`epoch`,
    `position`), which a checkpoint keeps through `state_dict`, and moves on to the next epoch at the end.
    """

    def __init__(
        self, inputs: NDArray[Any], labels: NDArray[Any], batch_size: int, seed: int, unlabelled: int = 0
    ) -> None:
        """Take the split.

        Args:
            inputs: `[N, ...]`.
            labels: `[N]`: an index of a class, -1 not known; or a number, NaN not known.
            batch_size: examples a step, if all are labelled.
            seed: of the order.
            unlabelled: epochs over every example, labelled or not, before those over the labelled ones.
        """
        self.inputs, self.labels, self.seed, self.unlabelled = inputs, labels, seed, unlabelled
        self.batch_size = min(batch_size, len(labels))
        self.epoch = self.position = 0
        self.share = Share()
        self._labelled = np.flatnonzero(known(labels))

    def __len__(self) -> int:
        return len(self.labels) // self.batch_size

    def __iter__(self) -> Iterator[Batch]:
        epoch = self.epoch
        order, size = self._order(epoch)
        for index in range(self.position, len(self)):
            # moved on before the batch is handed out: a loop that counts its batches never asks for one more
            self.epoch, self.position = (epoch, index + 1) if index + 1 < len(self) else (epoch + 1, 0)
            indices = np.sort(order[index * size : (index + 1) * size])[
                self.share.part(0, size)
            ]  # read the file forwards
            yield torch.from_numpy(self.inputs[indices]), torch.from_numpy(self.labels[indices])

    def state_dict(self) -> dict[str, int]:
        """Return where the iteration stands."""
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from where `state_dict` stood."""
        self.epoch, self.position = state["epoch"], state["position"]

    def _order(self, epoch: int) -> tuple[NDArray[np.int64], int]:
        """Return the indices of the epoch's examples, as often shuffled anew as they are needed, and the batch size."""
        rows = np.arange(len(self.labels)) if epoch < self.unlabelled else self._labelled
        size = max(_SMALLEST, round(self.batch_size * len(rows) / len(self.labels)))
        size = min(size, self.batch_size, len(rows))
        size = max(size - size % self.share.of, self.share.of)  # the same for every process
        passes = ceil(len(self) * size / len(rows))
        shuffled = [np.random.default_rng([self.seed, epoch, number]).permutation(rows) for number in range(passes)]
        return np.concatenate(shuffled), size


class AllBatches:
    """Every example once, in the order of the file: of a batch this process's share."""

    def __init__(self, inputs: NDArray[Any], labels: NDArray[Any], batch_size: int) -> None:
        self.inputs, self.labels, self.batch_size = inputs, labels, batch_size
        self.share = Share()

    def __len__(self) -> int:
        return self.share.steps(len(self.labels), self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        for part in self.share.parts(len(self.labels), self.batch_size):
            inputs, labels = (np.array(array[part]) for array in (self.inputs, self.labels))
            yield torch.from_numpy(inputs), torch.from_numpy(labels)

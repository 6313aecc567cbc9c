"""Batches of memory-mapped pictures; what a training batch holds is a pure function of (seed, epoch, index)."""

from collections.abc import Callable, Iterator
from math import ceil
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from components.kinds.batches import Batch
from components.kinds.shards.array import sharded
from components.kinds.share import Share

Seen = Callable[[torch.Tensor, torch.Generator, int, slice], torch.Tensor]
"""How a batch is seen, by its own generator: the part, a slice, of a batch of so many."""

VALIDATION_BATCH = 1_000

_MEASURED = 10_000  # pictures that the statistics are taken from
_MEASURED_VALUES = 20_000_000  # most values of them: 160 MB in 64 bit


class TrainingBatches:
    """One epoch after another of shuffled, augmented batches: uint8 `[N, H, W, C]`, or activations, and labels `[N]`.

    N is this process's share of the batch: several processes together see the batches that one alone would. Each
    epoch holds every picture once, in batches that are equal to within one, so that none is too small for a batch
    norm. Iterating goes on from (`epoch`, `position`), which a checkpoint keeps through `state_dict`, and moves on to
    the next epoch at the end.
    """

    def __init__(
        self,
        pictures: NDArray[Any],
        labels: NDArray[Any],
        batch_size: int,
        seed: int,
        how: Seen,
    ) -> None:
        self.pictures, self.labels, self.seed, self.how = pictures, labels, seed, how
        self.batch_size = min(batch_size, len(labels))
        self.epoch = self.position = 0
        self.share = Share()

    def __len__(self) -> int:
        return ceil(len(self.labels) / self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        epoch = self.epoch
        order = self._order(epoch)
        for index in range(self.position, len(self)):
            # moved on before the batch is handed out: a loop that counts its batches never asks for one more
            self.epoch, self.position = (epoch, index + 1) if index + 1 < len(self) else (epoch + 1, 0)
            yield self._batch(order, epoch, index)

    def state_dict(self) -> dict[str, int]:
        """Return where the iteration stands."""
        return {"epoch": self.epoch, "position": self.position}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go on from where `state_dict` stood."""
        self.epoch, self.position = state["epoch"], state["position"]

    def _order(self, epoch: int) -> NDArray[np.int64]:
        if (shards := sharded(self.pictures)) is not None:
            return shards.begin(self.seed, epoch, len(self.labels) * self.position // len(self))
        return np.random.default_rng([self.seed, epoch]).permutation(len(self.labels))

    def _batch(self, order: NDArray[np.int64], epoch: int, index: int) -> Batch:
        first, end = (len(order) * bound // len(self) for bound in (index, index + 1))
        indices = np.sort(order[first:end])  # read the file forwards
        part = self.share.part(0, len(indices))
        pictures, labels = (
            torch.from_numpy(array.take(indices[part], 0)) for array in (_plain(self.pictures), np.asarray(self.labels))
        )
        return self.how(pictures, generator(self.seed, epoch, index), len(indices), part), labels


def _plain(pictures: NDArray[Any]) -> NDArray[Any]:
    """Return pictures that are mapped as a plain array, which takes rows faster; those in shards stay there."""
    return pictures if sharded(pictures) is not None else np.asarray(pictures)


def some_of(pictures: NDArray[np.uint8], most: int) -> NDArray[np.uint8]:
    """Return at most so many pictures, evenly spread; of those in shards, whose order is drawn, the first shard's."""
    if (shards := sharded(pictures)) is not None:
        return shards[: min(most, shards.index.examples)]
    return pictures[:: ceil(len(pictures) / most)]


def generator(*key: int) -> torch.Generator:
    """Return a generator of its own for each key, independent of the global one (`numpy.random.SeedSequence`)."""
    (state,) = np.random.SeedSequence(key).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state) >> 1)


def channel_statistics(pictures: NDArray[np.uint8]) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of each channel in units of the full scale, over some spread pictures."""
    most = max(1, min(_MEASURED, _MEASURED_VALUES // pictures[0].size))
    some = some_of(pictures, most).astype(np.float64) / 255.0
    return some.mean(axis=(0, 1, 2)).tolist(), np.maximum(some.std(axis=(0, 1, 2)), 1e-3).tolist()

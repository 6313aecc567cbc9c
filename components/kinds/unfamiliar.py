"""How unlike its training split an example is: the output of a served graph by which it says "unfamiliar"."""

from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from components.kinds.embedding import WIDEST, Embedding
from components.kinds.gaussian import Gaussian

if TYPE_CHECKING:
    from components.kinds.prepared import PreparedData, Split

Seen = tuple[Tensor, Sequence[Tensor]]
"""The head's numbers of a batch, `[N, width]`, and features, blocks `[N, D]`."""

_MEASURED = 5_000  # examples of a split that are looked at, evenly spread
_BATCH = 100
_LEAST = 1e-6  # least standard deviation of a part: that of examples that are all alike


@runtime_checkable
class TellsUnfamiliar(Protocol):
    """What an endpoint runs, if it can tell how unlike training an example is: then it has a third output."""

    def measure_unfamiliarity(self, data: "PreparedData") -> None:
        """Tell it from now on, by what is found on the training and the validation split."""


class Unfamiliarity(nn.Module):
    """The head's numbers `[N, width]` and features, blocks `[N, D]`, -> how unlike training, float32 `[N]`.

    It is the sum of two parts, each less its mean and over its standard deviation on the validation split: the
    Mahalanobis distance of the features from their mean on the training split (after Lee et al. 2018,
    arXiv:1807.03888, with one mean for all classes), and, where the head's numbers are logits, the energy (Liu et al.
    2020, arXiv:2010.03759). A block that is wider than `embedding.WIDEST` counts by its parts along as many fixed
    directions.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, widths: Sequence[int], logits: int) -> None:
        """Take how wide each block is, and how many of the head's numbers are logits: all of them, or 0."""
        super().__init__()
        self.energy = {0: None, 1: _energy_of_one}.get(logits, _energy)
        self.blocks = [min(width, WIDEST) for width in widths]
        self.narrow = nn.ModuleList(Embedding(width) for width in widths)
        self.gaussian = Gaussian(sum(self.blocks))
        parts = 1 if self.energy is None else 2
        self.register_buffer("mean", torch.zeros(parts))
        self.register_buffer("deviation", torch.ones(parts))

    def forward(self, raw: Tensor, features: Sequence[Tensor]) -> Tensor:
        """Return how unlike training each example is; more is more unlike."""
        weights = 1 / self.deviation
        score: Tensor = self._distance(features) * weights[0]  # written so, it is few nodes of the graph
        if self.energy is not None:
            score = score + self.energy(raw) * weights[1]
        return score - (self.mean * weights).sum()

    @classmethod
    def measured(cls, data: "PreparedData", logits: bool, see: Callable[[Tensor], Seen]) -> Self:
        """Return it fitted to the training split, mean and deviation of its parts to validation, where there is any.

        Args:
            data: the prepared data set.
            logits: whether the head's numbers are logits.
            see: what the network makes of a batch of inputs `[N, ...]`.
        """
        with torch.no_grad():
            train = [see(batch) for batch in _batches(data, "train")]
            held_out = (see(batch) for batch in _batches(data, "validation" if data.counts["validation"] else "train"))
            raw, features = train[0]
            found = cls([block.shape[1] for block in features], raw.shape[1] if logits else 0)
            found.gaussian.measure(torch.cat([found._narrowed(blocks) for _, blocks in train])[None], found.blocks)
            found._standardise(torch.cat([found._parts(*seen) for seen in held_out]))
        return found

    def _standardise(self, parts: Tensor) -> None:
        self.mean.copy_(parts.mean(dim=0))
        self.deviation.copy_(parts.std(dim=0, correction=0).clamp_min(_LEAST))

    def _parts(self, raw: Tensor, features: Sequence[Tensor]) -> Tensor:
        """Return the distance and, of logits, the energy, `[N, 1 or 2]`."""
        distance = self._distance(features)
        return torch.stack([distance] if self.energy is None else [distance, self.energy(raw)], dim=1)

    def _distance(self, features: Sequence[Tensor]) -> Tensor:
        whitening, mean = self.gaussian.whitening, self.gaussian.mean
        off = self._narrowed(features) @ whitening - mean @ whitening
        distance: Tensor = torch.linalg.vector_norm(off, dim=1)
        return distance

    def _narrowed(self, features: Sequence[Tensor]) -> Tensor:
        return torch.cat([narrow(block) for narrow, block in zip(self.narrow, features, strict=True)], dim=1)


def _energy(raw: Tensor) -> Tensor:
    """Return the energy `[N]` of logits `[N, classes]`."""
    return -raw.logsumexp(dim=1)


def _energy_of_one(raw: Tensor) -> Tensor:
    """Return the energy `[N]` of two classes by the logit of the second, `[N, 1]`, half of which counts for each."""
    return raw[:, 0] / 2 - functional.softplus(raw[:, 0])


def _batches(data: "PreparedData", split: "Split") -> Iterator[Tensor]:
    inputs = data.inputs(split)
    some = inputs[:: ceil(len(inputs) / _MEASURED)]
    for start in range(0, len(some), _BATCH):
        yield torch.from_numpy(np.array(some[start : start + _BATCH]))

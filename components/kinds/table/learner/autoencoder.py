"""An autoencoder of records: what it says badly is unlike the others. No label is needed."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn
from torch.nn import functional

from components.kinds.table.learner.encoding import FeatureLayout, Standard

_IN_SIGHT = 0.5
"""Standard deviations up to which the encoder sees how far a value lies; beyond, it sees ever less of it."""
_FEWEST = 1e-3
"""Least spread of an error: a feature that is said perfectly does not outweigh all others."""
_FARTHEST = 1e30
"""Largest error: the square of a number that is farther away is none of 32 bits any more."""
_MEMORY = 0.01
"""Weight of a batch in the running means, from the hundredth batch on."""


class View(nn.Module):
    """Features float32 `[N, F]` -> `[N, width]`, standardised: numbers, which are missing, and how rare categories are.

    The rarity of a category is the negative logarithm of its share of the examples (Laplace's, plus one).
    """

    kept: Tensor
    gaps: Tensor
    rarity: Tensor
    first: Tensor

    def __init__(self, layout: FeatureLayout, examples: NDArray[np.float32], left_out: Sequence[int]) -> None:
        """Fit the view.

        Args:
            layout: of the features.
            examples: `[n, F]`, records of the training split.
            left_out: indices of numbers that are not to be seen.
        """
        super().__init__()
        kept = [index for index in range(layout.numbers) if index not in left_out]
        gaps = [index for index in kept if np.isnan(examples[:, index]).any()]
        self.numbers, self.gapped, self.categories = layout.numbers, len(gaps), len(layout.categories)
        self.register_buffer("kept", torch.tensor(kept, dtype=torch.int64))
        self.register_buffer("gaps", torch.tensor(gaps, dtype=torch.int64))
        tables = [_rarity(examples[:, layout.numbers + index], n) for index, n in enumerate(layout.categories)]
        starts = np.cumsum([0, *(len(table) for table in tables)])[:-1]
        self.register_buffer("rarity", torch.tensor(np.concatenate([[], *tables]), dtype=torch.float32))
        self.register_buffer("first", torch.tensor(starts, dtype=torch.int64))
        self.standard = Standard(self._gathered(torch.from_numpy(examples)).numpy())
        self.width = len(self.standard.mean)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the view."""
        seen: Tensor = self.standard(self._gathered(inputs))
        return seen

    def _gathered(self, inputs: Tensor) -> Tensor:
        parts = [inputs[:, self.kept]]
        if self.gapped:
            parts.append(torch.isnan(inputs[:, self.gaps]).to(torch.float32))
        if self.categories:
            parts.append(self.rarity[inputs[:, self.numbers :].to(torch.int64) + self.first])
        return torch.cat(parts, dim=1)


class Autoencoder(nn.Module):
    """Says a record by a code of few numbers, and from them again.

    The encoder sees values squeezed into a bounded range, and is held to say them unsqueezed: it can do so for ordinary
    records, and not for extreme ones, however much they have in common with each other. An error counts in units of
    the usual error of its feature.
    """

    spread: Tensor
    batches: Tensor

    def __init__(self, view: View, width: int, code: int) -> None:
        super().__init__()
        self.view, self.code = view, code
        self.encoder = nn.Sequential(nn.Linear(view.width, width), nn.ReLU(), nn.Linear(width, code))
        self.decoder = nn.Sequential(nn.Linear(code, width), nn.ReLU(), nn.Linear(width, view.width))
        self.register_buffer("spread", torch.ones(view.width))
        self.register_buffer("batches", torch.tensor(0))

    def loss(self, inputs: Tensor) -> Tensor:
        """Return how badly a batch is said (Huber 1964: square for small errors, not for large ones)."""
        seen = self.view(inputs)
        said = self.decoder(self._code(seen)).float()
        if self.training:
            self._remember((said - seen).detach())
        return functional.smooth_l1_loss(said, seen)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the error of each record `[N]`, usually about 1, and its code `[N, code]`."""
        seen = self.view(inputs)
        code = self._code(seen)
        errors = (self.decoder(code).float() - seen) ** 2
        return (errors / self.spread).mean(dim=1).clamp_max(_FARTHEST), code.float()

    def _code(self, seen: Tensor) -> Tensor:
        code: Tensor = self.encoder(_IN_SIGHT * torch.tanh(seen / _IN_SIGHT))
        return code

    @torch.no_grad()
    def _remember(self, errors: Tensor) -> None:
        """Take the squares of a batch's errors, of every process's share of it, into their running mean."""
        self.batches += 1
        weight = max(1.0 / int(self.batches), _MEMORY)
        squares = (errors**2).mean(dim=0)
        if distributed.is_available() and distributed.is_initialized():
            distributed.all_reduce(squares)
            squares /= distributed.get_world_size()
        self.spread.lerp_(squares.clamp_min(_FEWEST), weight)


def suspicion(error: Tensor) -> Tensor:
    """Return 0 to 1, one half for a usual error; higher for a higher one, however high."""
    return error / (error + 1.0)


def _rarity(codes: NDArray[np.float32], values: int) -> NDArray[np.float64]:
    counts = np.bincount(codes.astype(np.int64), minlength=values + 1)
    rarity: NDArray[np.float64] = -np.log((counts + 1) / (counts.sum() + values + 1))
    return rarity

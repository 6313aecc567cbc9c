"""Features as `prepare` wrote them -> what layers can learn from. Part of the graph that serves."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

if TYPE_CHECKING:
    from components.kinds.table.codec.input import Input

Float32 = NDArray[np.float32]

_FAR = 10.0
"""Standard deviations beyond which a value is as good as one there; its logarithm still tells them apart."""
_WIDEST = 32
"""Most numbers for a category."""
_ROUNDING = 1e-6


@dataclass(frozen=True)
class FeatureLayout:
    """Where what stands among the features: numbers first, then categories."""

    numbers: int
    categories: tuple[int, ...]
    """How many values each has; its codes are 1 to that, and 0."""
    from_labels: tuple[int, ...]
    """Places of the numbers that are made from labels."""

    @classmethod
    def of(cls, input: "Input") -> Self:
        """Return the layout of the examples that `prepare` described."""
        names, categories = input["features"], input["definition"]["categories"]
        sizes = tuple(len(categories[name]) for name in names if name in categories)
        from_labels = tuple(names.index(name) for name in input["label_features"])
        return cls(len(names) - len(sizes), sizes, from_labels)


class Standard(nn.Module):
    """Float32 `[N, F]` -> the same less its mean, over its standard deviation; missing (NaN) is 0, as the mean is."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, examples: Float32) -> None:
        super().__init__()
        there = ~np.isnan(examples)
        count = np.maximum(there.sum(axis=0), 1)
        mean = np.where(there, examples, 0.0).sum(axis=0, dtype=np.float64) / count
        variance = (np.where(there, examples - mean, 0.0) ** 2).sum(axis=0) / count
        deviation = np.sqrt(variance)
        deviation = np.where(deviation > _ROUNDING * np.abs(mean), deviation, 1.0)  # else all values are the same
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        self.register_buffer("deviation", torch.tensor(deviation, dtype=torch.float32))

    def forward(self, values: Tensor) -> Tensor:
        """Return the standardised values."""
        return torch.where(torch.isnan(values), 0.0, (values - self.mean) / self.deviation)


class Encoding(nn.Module):
    """Features float32 `[N, F]` -> `[N, width]`.

    A number stands there standardised, and so does its logarithm, in which ratios (this amount to the usual one) are
    differences; with them, on which side of its cuts it is, and whether it is missing. A category is embedded.
    """

    column: Tensor
    cut: Tensor
    gaps: Tensor

    def __init__(self, layout: FeatureLayout, examples: Float32, cuts: Sequence[tuple[int, float]]) -> None:
        """Fit the encoding.

        Args:
            layout: of the features.
            examples: `[n, F]`, records of the training split.
            cuts: indices of numbers, and values at which they are cut.
        """
        super().__init__()
        self.numbers = layout.numbers
        numbers = examples[:, : layout.numbers]
        self.plain, self.log = Standard(numbers), Standard(_log(torch.from_numpy(numbers)).numpy())
        self.register_buffer("column", torch.tensor([index for index, _ in cuts], dtype=torch.int64))
        self.register_buffer("cut", torch.tensor([cut for _, cut in cuts], dtype=torch.float32))
        self.register_buffer("gaps", torch.from_numpy(np.flatnonzero(np.isnan(numbers).any(axis=0))))
        embeddings = [_embedding(values) for values in layout.categories]
        self.embeddings = nn.ModuleList(embeddings)
        widths = [embedding.embedding_dim for embedding in embeddings]
        self.cuts, self.gapped = len(cuts), len(self.gaps)  # plain numbers: a trace keeps them as such
        self.width = 2 * layout.numbers + self.cuts + self.gapped + sum(widths)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the encoded features."""
        numbers = inputs[:, : self.numbers]
        parts = [self.plain(numbers).clamp(-_FAR, _FAR), self.log(_log(numbers))]
        if self.cuts:
            parts.append((numbers[:, self.column] > self.cut).to(torch.float32))
        if self.gapped:
            parts.append(torch.isnan(numbers[:, self.gaps]).to(torch.float32))
        codes = inputs[:, self.numbers :].to(torch.int64)
        parts += [embedding(codes[:, index]) for index, embedding in enumerate(self.embeddings)]
        return torch.cat(parts, dim=1)


def _log(numbers: Tensor) -> Tensor:
    """Return the logarithm of 1 + the size of each number, with its sign."""
    return numbers.sign() * numbers.abs().log1p()


def _embedding(values: int) -> nn.Embedding:
    """Return an embedding of codes 0 to `values`; 0, missing or unknown, lies in the middle of the others at first."""
    embedding = nn.Embedding(values + 1, min(_WIDEST, ceil(sqrt(values + 1))))
    with torch.no_grad():
        embedding.weight.mul_(0.1)[0].zero_()
    return embedding

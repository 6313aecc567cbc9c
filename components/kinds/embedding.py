"""The embedding: what a network makes of an example, in at most 64 numbers. Drift and unfamiliar inputs show there."""

from functools import cache

import torch
from torch import Tensor, nn

WIDEST = 64
"""Numbers of an embedding, at most."""


class Embedding(nn.Module):
    """Features float32 `[N, width]` -> `[N, at most 64]`: themselves, or their parts along fixed directions.

    The directions are orthonormal and drawn by a seed of their own: distances are kept on average (Johnson and
    Lindenstrauss 1984), and the same weights have the same embedding everywhere.
    """

    directions: Tensor | None

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("directions", None if width <= WIDEST else _orthonormal(width), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return the embedding."""
        return features.float() if self.directions is None else features.float() @ self.directions


@cache
def _orthonormal(width: int) -> Tensor:
    """Return `[width, WIDEST]`, which nobody changes."""
    with torch.inference_mode(mode=False):  # it outlives whoever asks first, and a trace takes no inference tensor
        return _drawn(width)


def _drawn(width: int) -> Tensor:
    drawn = torch.randn(width, WIDEST, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    directions: Tensor = torch.linalg.qr(drawn).Q.float()
    return directions

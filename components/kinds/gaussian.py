"""A Gaussian of ordinary examples: what lies far from its mean is unusual."""

import torch
from torch import Tensor, nn

_FEWEST = 1e-4  # least spread of a block of features: that of examples that are all alike


class Gaussian(nn.Module):
    """Features float32 `[N, D]` -> standardised and uncorrelated, `[N, D]`.

    The mean of their squares, usually about 1, is the Mahalanobis distance, squared, by D. The covariance is shrunk
    towards a multiple of the identity by as much as lowers its expected error most (Ledoit and Wolf 2004, "A
    well-conditioned estimator for large-dimensional covariance matrices"): there may be fewer pictures than features.
    """

    mean: Tensor
    whitening: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("whitening", torch.eye(width))

    def forward(self, features: Tensor) -> Tensor:
        """Return the features, standardised."""
        return (features - self.mean) @ self.whitening

    def measure(self, features: Tensor, blocks: list[int]) -> None:
        """Fit mean and covariance to the features of `[copies, n, D]`: `n` pictures, each seen in several ways.

        Each of the `blocks` of features counts in the unit of its spread.
        """
        copies, features = len(features), features.double().flatten(0, 1)
        mean = features.mean(dim=0)
        spread = torch.split(features.std(dim=0, correction=0), blocks)
        units = torch.cat([block.mean().clamp_min(_FEWEST).expand(len(block)) for block in spread])
        variances, directions = torch.linalg.eigh(_shrunk((features - mean) / units, copies))
        whitening = (directions / variances.sqrt()) @ directions.T
        self.mean.copy_(mean)
        self.whitening.copy_(whitening / units[:, None])


def _shrunk(centred: Tensor, copies: int) -> Tensor:
    """Return the covariance `[D, D]` of `[n, D]`, shrunk; of so many copies only one tells anything new."""
    count, width = centred.shape
    covariance = centred.T @ centred / count
    squares = float((covariance**2).sum())
    level = float(covariance.diagonal().mean())
    off = squares / width - level**2
    noise = (float(((centred**2).sum(dim=1) ** 2).sum()) / count - squares) * copies / (count * width)
    part = min(max(noise / off, 0.0), 1.0) if off > 0.0 else 1.0
    return (1.0 - part) * covariance + (part * level + _FEWEST**2) * torch.eye(width, dtype=centred.dtype)

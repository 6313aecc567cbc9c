"""A first layer that is measured, not learned: it takes apart what neighbouring pixels have in common."""

import torch
from torch import Tensor, nn
from torch.nn import functional

_SIDE = 2
_LEAST_VARIANCE = 5e-4  # keeps what hardly varies from being blown up (airbench, Jordan 2024, arXiv:2404.00498)
_AT_A_TIME = 10  # pictures; bounds memory for large ones


class Whitening(nn.Module):
    """Float `[N, C, H, W]` -> `[N, 8 * C, H - 1, W - 1]`: uncorrelated parts of each 2 x 2 patch, and their negatives.

    Over the pictures that `measure` was given, the parts have unit variance.
    """

    kernels: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        size = channels * _SIDE**2
        self.register_buffer("kernels", _both_signs(torch.eye(size), channels))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the parts."""
        return functional.conv2d(pictures, self.kernels)

    def measure(self, pictures: Tensor) -> None:
        """Take the directions from the patches of normalised `pictures`, `[N, C, H, W]`."""
        variances, directions = torch.linalg.eigh(_covariance(pictures))
        whitened = directions / (variances.clamp_min(0.0) + _LEAST_VARIANCE).sqrt()
        self.kernels.copy_(_both_signs(whitened.T, pictures.shape[1]))


def _covariance(pictures: Tensor) -> Tensor:
    """Return how the pixels of a patch go together, `[C * 4, C * 4]`; the mean is taken for 0."""
    total, count = torch.zeros(()), 0
    for start in range(0, len(pictures), _AT_A_TIME):
        patches = _patches(pictures[start : start + _AT_A_TIME])
        total, count = total + patches.T @ patches, count + len(patches)
    return total / count


def _patches(pictures: Tensor) -> Tensor:
    """Return every patch of 2 x 2 as a row, `[patches, C * 4]`."""
    side = _SIDE - 1
    rows, columns = pictures.shape[2] - side, pictures.shape[3] - side
    corners = [pictures[:, :, r : r + rows, c : c + columns] for r in range(_SIDE) for c in range(_SIDE)]
    return torch.stack(corners, dim=2).permute(0, 3, 4, 1, 2).flatten(0, 2).flatten(1)


def _both_signs(directions: Tensor, channels: int) -> Tensor:
    """Return rows `[C * 4, C * 4]` and their negatives as kernels `[C * 8, C, 2, 2]`."""
    return torch.cat([directions, -directions]).view(-1, channels, _SIDE, _SIDE)

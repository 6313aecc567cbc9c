"""The network: a small brother of airbench (Jordan 2024, arXiv:2404.00498), and what the endpoint runs around it."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class Network(nn.Module):
    """Three stages, each halving the picture, then the largest answer anywhere in it.

    Takes float `[N, channels, H, W]` with H and W at least 8, returns logits `[N, classes]`. With a width of 32 it
    has about 290,000 parameters.
    """

    def __init__(self, channels: int, classes: int, width: int) -> None:
        super().__init__()
        widths = (channels, width, 2 * width, 4 * width)
        self.stages = nn.Sequential(*(_stage(before, after) for before, after in pairwise(widths)))
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the logits."""
        features: Tensor = self.stages(pictures)
        logits: Tensor = self.head(features.amax(dim=(2, 3)))
        return logits


class Preprocessing(nn.Module):
    """uint8 `[N, H, W, C]` -> normalised float32 `[N, C, H, W]`.

    `mean` and `std` have one value a channel, in units of the full scale (0 to 1), taken from the training pictures.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(1, -1, 1, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the normalised pictures."""
        return (pictures.permute(0, 3, 1, 2).to(torch.float32) / 255.0 - self.mean) / self.std


class Serving(nn.Module):
    """What the endpoint runs: uint8 `[N, H, W, C]` -> probabilities float32 `[N, classes]`."""

    def __init__(self, preprocessing: Preprocessing, network: Network) -> None:
        super().__init__()
        self.preprocessing = preprocessing
        self.network = network

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the probabilities."""
        logits: Tensor = self.network(self.preprocessing(pictures))
        return logits.softmax(dim=1)


def _stage(before: int, after: int) -> nn.Sequential:
    """Two convolutions; the picture is halved after the first, where the batch norm then costs a quarter."""
    return nn.Sequential(
        _convolution(before, after),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(after),
        nn.ReLU(),
        _convolution(after, after),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )


def _convolution(before: int, after: int) -> nn.Conv2d:
    """3 x 3, the size kept; no bias, for the batch norm behind it would take it out again."""
    return nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False)

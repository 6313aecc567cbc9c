"""Measured features of a picture: where its edges run, how strong they are, how light and coloured it is."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

_SIDE = 64  # pixels a side, from twice of which on edges are looked for in a smaller picture
_CELLS = 7  # a side, at most
_DIRECTIONS = 8
_LEAST = 1e-3  # what a root is taken from at least: it is steep at 0
_QUIET = 0.05  # strength of all edges of a cell, of 0 to 1, below which their directions count ever less


class Descriptors(nn.Module):
    """uint8 `[N, H, W, C]` -> float32 `[N, D]`, in blocks; D is at most 833 + 49 for each channel.

    Of each of up to 7 x 7 cells: the strength of edges by their direction, by the root of the gradient's length, and
    their shares of all edges there (histograms of oriented gradients, Dalal and Triggs 2005, whose bins are filters
    here); the root of the sharpest detail, by the Laplacian at full size; and the mean of each channel. Nothing is
    learned, so small data suffices, and nothing is downloaded.
    """

    edges: Tensor
    detail: Tensor

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.factor = max(1, min(height, width) // _SIDE)
        self._windows = _Windows(height, width)
        self._small_windows = _Windows(height // self.factor, width // self.factor)
        angles = torch.arange(_DIRECTIONS) * (2 * math.pi / _DIRECTIONS)
        right = torch.tensor([[0.0, 0.0, 0.0], [-1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
        edges = angles.cos().view(-1, 1, 1) * right + angles.sin().view(-1, 1, 1) * right.T
        self.register_buffer("edges", edges[:, None], persistent=False)
        laplacian = torch.tensor([[0.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 0.0]])
        self.register_buffer("detail", laplacian[None, None], persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the features."""
        return torch.cat(self.blocks(pictures), dim=1)

    def blocks(self, pictures: Tensor) -> list[Tensor]:
        """Return the features `[N, d]` of each sort."""
        colours = pictures.permute(0, 3, 1, 2).to(torch.float32) / 255.0
        grey = colours.mean(dim=1, keepdim=True)
        small = functional.avg_pool2d(grey, self.factor)
        lengths = functional.conv2d(_padded(small), self.edges).relu()
        oriented = self._small_windows.mean((lengths + _LEAST).sqrt() - math.sqrt(_LEAST))
        relative = oriented / (oriented.sum(dim=1, keepdim=True) + _QUIET)
        details = functional.conv2d(_padded(grey), self.detail).abs()
        sharpest = (self._windows.largest(details) + _LEAST).sqrt()
        return [block.flatten(1) for block in (oriented, relative, sharpest, self._windows.mean(colours))]


class _Windows:
    """The cells of a picture, which overlap where they do not fit: ONNX has no others. A cell has two pixels a side."""

    def __init__(self, *sides: int) -> None:
        cells = [min(_CELLS, side // 2) for side in sides]
        self._strides = [side // count for side, count in zip(sides, cells, strict=True)]
        self._sizes = [side - (count - 1) * step for side, count, step in zip(sides, cells, self._strides, strict=True)]

    def mean(self, maps: Tensor) -> Tensor:
        return functional.avg_pool2d(maps, self._sizes, self._strides)

    def largest(self, maps: Tensor) -> Tensor:
        return functional.max_pool2d(maps, self._sizes, self._strides)


def _padded(pictures: Tensor) -> Tensor:
    """Return the pictures with their outermost pixels once more around them: `pad` is traced with warnings."""
    tall = torch.cat([pictures[:, :, :1], pictures, pictures[:, :, -1:]], dim=2)
    return torch.cat([tall[..., :1], tall, tall[..., -1:]], dim=3)

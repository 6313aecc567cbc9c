"""Histograms of oriented gradients: what scikit-learn is shown of a picture (Dalal and Triggs 2005), with numpy alone.

A pixel votes with the length of its gradient, for the two directions nearest to its own and in up to four cells, by its
distance to their middles. A cell's histogram is divided by the energy of each of the four blocks of 2 x 2 cells that it
lies in, cut, and half the sum of the four is kept: nearly what all four tell, in a quarter of the numbers (Felzenszwalb
et al. 2010). Directions go round the whole circle: on garments that was better than half of it.

Written out here: scikit-image's takes one picture at a time, and would be a dependency for the baseline alone.
"""

import numpy as np
from numpy.typing import NDArray

BINS = 12
"""Directions; the first points from dark to bright along a row, the others follow clockwise as one sees the picture."""
_CELLS = 7  # a side, at most: 4 x 4 pixels of a 28 x 28 picture
_SIDE = 28  # pixels a side, from twice of which on a picture is made smaller
_CUT = 0.2  # of a block's energy that one direction may have: theirs
_QUIET = 0.01  # energy, of gradients in 0..1, below which a block counts as flat

Float32 = NDArray[np.float32]


def hog(pictures: NDArray[np.uint8]) -> Float32:
    """Return the features `[N, BINS x rows of cells x cells of a row]` of pictures `[N, H, W, C]`.

    Sides are 8 pixels or more. Colours are averaged; a picture of twice 28 pixels or more is made smaller by a whole
    factor first, so that its finest grain does not drown its shapes. All N are computed at once: give it batches.
    """
    small = _smaller(pictures)
    votes = _votes(*_gradients(small))
    height, width = small.shape[1:]
    cells = _pooled(votes, _weights(height, _cells(height)), _weights(width, _cells(width)))
    return _normal(cells).reshape(len(pictures), -1)


def factor(height: int, width: int) -> int:
    """Return by how much `hog` makes each side of a picture smaller."""
    return max(1, min(height, width) // _SIDE)


def _cells(side: int) -> int:
    return min(_CELLS, side // 2)


def _smaller(pictures: NDArray[np.uint8]) -> Float32:
    """Return `[N, h, w]` in 0..1: the means of squares of pixels, over their channels."""
    height, width, channels = pictures.shape[1:]
    by = factor(height, width)
    high, wide = height // by, width // by
    kept = pictures[:, : high * by, : wide * by].reshape(len(pictures), high * by, -1).astype(np.float32)
    return _pooled(kept, _averages(high, by), _averages(wide, by * channels)) / np.float32(255)


def _averages(count: int, of: int) -> Float32:
    """Return `[count * of, count]`, which averages each `of` that stand together."""
    return np.repeat(np.eye(count, dtype=np.float32), of, axis=0) / np.float32(of)


def _weights(size: int, cells: int) -> Float32:
    """Return `[size, cells]`: a pixel's part in the two cells whose middles are nearest, none beyond the edge."""
    middles = (np.arange(size) + 0.5) * cells / size - 0.5
    away = np.abs(middles[:, None] - np.arange(cells))
    return np.maximum(0.0, 1.0 - away).astype(np.float32)


def _pooled(values: Float32, rows: Float32, columns: Float32) -> Float32:
    """Return `[..., r, c]`, the sums of `[..., H, W]` weighted by `[H, r]` and `[W, c]`: two large products."""
    *outer, height, width = values.shape
    across = np.matmul(values.reshape(-1, width), columns).reshape(-1, height, columns.shape[1])
    pooled: Float32 = np.matmul(across.swapaxes(1, 2).reshape(-1, height), rows)
    return pooled.reshape(*outer, columns.shape[1], rows.shape[1]).swapaxes(-1, -2)


def _gradients(pictures: Float32) -> tuple[Float32, Float32]:
    """Return the differences of each pixel's neighbours in its row and in its column; the edge repeats itself."""
    around = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), mode="edge")
    return around[:, 1:-1, 2:] - around[:, 1:-1, :-2], around[:, 2:, 1:-1] - around[:, :-2, 1:-1]


def _votes(right: Float32, down: Float32) -> Float32:
    """Return `[N, BINS, H, W]`: the gradient's length, shared by the two directions that it lies between."""
    length = np.hypot(right, down)
    direction = np.arctan2(down, right) * np.float32(BINS / (2 * np.pi))
    first = np.floor(direction)
    part = direction - first
    index = first.astype(np.int64) % BINS
    votes = np.zeros((len(right), BINS, *right.shape[1:]), dtype=np.float32)
    np.put_along_axis(votes, index[:, None], (length * (1 - part))[:, None], axis=1)
    np.put_along_axis(votes, (index[:, None] + 1) % BINS, (length * part)[:, None], axis=1)
    return votes


def _normal(cells: Float32) -> Float32:
    """Return histograms `[N, BINS, r, c]` divided by the energy of their blocks; those beyond the edge are empty."""
    high, wide = cells.shape[2:]
    energy = np.pad(np.square(cells).sum(axis=1), ((0, 0), (1, 1), (1, 1)))
    blocks = energy[:, 1:, 1:] + energy[:, 1:, :-1] + energy[:, :-1, 1:] + energy[:, :-1, :-1]
    scale = 1 / np.sqrt(blocks + np.float32(_QUIET**2))[:, None]
    corners = [scale[:, :, row : row + high, column : column + wide] for row in (0, 1) for column in (0, 1)]
    half: Float32 = 0.5 * np.sum([np.minimum(cells * corner, np.float32(_CUT)) for corner in corners], axis=0)
    return half

"""How similar pictures are: which of many is most similar to another, by small copies of them, and how much.

Written out instead of an average hash (imagehash): nothing is rounded to bits, so no pair is missed by one of them.
"""

import numpy as np
from numpy.typing import NDArray

SIDE = 8
"""Of a thumbnail."""

_FLAT = 1.0  # levels by which a picture departs from its mean, as a length, up to which there is nothing to compare
_BLOCK = (500, 8_000)  # wanted and known pictures that are compared at a time

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def thumbnails(pictures: NDArray[np.uint8]) -> Float32:
    """Return `[N, 64]` of pictures `[N, height, width, channels]`: means over 8 x 8 parts.

    Each is less its mean and of length 1; those of a flat picture are zeros.
    """
    height, width, channels = pictures.shape[1:]
    flat = pictures.reshape(len(pictures), height, width * channels).astype(np.float32)
    across = flat @ np.repeat(_parts(width), channels, axis=0)
    small: Float32 = np.swapaxes(across, 1, 2) @ _parts(height)
    return _unit(small.reshape(len(pictures), -1))


def _parts(side: int) -> Float32:
    """Return `[side, 8]`: which pixels each eighth of a side has, in parts of a pixel."""
    edges = np.linspace(0, side, SIDE + 1)
    pixels = np.arange(side)[:, None]
    within = np.minimum(pixels + 1, edges[1:]) - np.maximum(pixels, edges[:-1])
    parts: Float32 = np.maximum(within, 0.0).astype(np.float32)
    return parts


def _unit(values: Float32) -> Float32:
    centred = values - values.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit: Float32 = np.divide(centred, length, out=np.zeros_like(centred), where=length > _FLAT)
    return unit


def nearest(wanted: Float32, known: Float32) -> Int64:
    """Return the index of the row of `known` `[M, F]` that correlates most with each of `wanted` `[N, F]`."""
    best, index = np.full(len(wanted), -2.0, dtype=np.float32), np.zeros(len(wanted), dtype=np.int64)
    for first in range(0, len(known), _BLOCK[1]):
        block = known[first : first + _BLOCK[1]].T
        for start in range(0, len(wanted), _BLOCK[0]):
            rows = slice(start, start + _BLOCK[0])
            correlations = wanted[rows] @ block
            closest = correlations.argmax(axis=1)
            highest = np.take_along_axis(correlations, closest[:, None], axis=1)[:, 0]
            better = highest > best[rows]
            best[rows] = np.where(better, highest, best[rows])
            index[rows] = np.where(better, closest + first, index[rows])
    return index


def correlation(picture: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Return the correlation of two pictures, pixel by pixel; 0 if either is flat."""
    return float(correlations(picture[None], other[None])[0])


def correlations(pictures: NDArray[np.uint8], others: NDArray[np.uint8]) -> Float32:
    """Return the correlation of each picture `[N, ...]` with the other one at its place; 0 if either is flat."""
    first, second = (_unit(some.reshape(len(some), -1).astype(np.float32)) for some in (pictures, others))
    found: Float32 = np.einsum("nf,nf->n", first, second)
    return found

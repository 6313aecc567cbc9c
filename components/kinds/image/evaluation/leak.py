"""Test pictures that stand in the training split: the same to the pixel, or nearly so."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from components.kinds import similarity
from components.kinds.evaluation import Leak
from components.kinds.prepared import PreparedData, Split

_SIMILAR = 0.995  # of pairs of garments above it nearly all are one garment; below, ever more are two pairs of trousers
_MOST = 10_000  # test pictures that are looked for, evenly spread
_VALUES = 4_000_000  # of pictures that are read at a time

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def find_leaks(data: PreparedData) -> list[Leak]:
    """Return the test pictures that are in the training split, `same` to the pixel and `near`.

    Near is a training picture that correlates with the test picture, pixel by pixel, to `_SIMILAR` or more: saved anew,
    lighter or darker, from a source of another size. Looked at is the one whose thumbnail of 8 x 8 pixels correlates
    most: what an average hash holds, but nothing is rounded to bits, and no pair is missed by one of them.
    """
    indices = np.arange(0, data.counts["test"], ceil(data.counts["test"] / _MOST))
    test, train = _looked_at(data, "test", indices), _looked_at(data, "train", np.arange(data.counts["train"]))
    known = {digest: index for index, digest in enumerate(train.digests)}
    same = {
        index: known[digest] for index, digest in zip(indices.tolist(), test.digests, strict=True) if digest in known
    }
    nearest = similarity.nearest(test.thumbnails, train.thumbnails)
    near = {index: other for index, other in _nearly_same(data, indices, nearest) if index not in same}
    return [_leak("same", same, len(indices)), _leak("near", near, len(indices))]


def _leak(name: str, found: dict[int, int], of: int) -> Leak:
    example = next((f"test picture {test} is training picture {train}" for test, train in found.items()), "")
    return Leak(name, len(found), of, example)


@dataclass(frozen=True)
class _LookedAt:
    """Pictures, as far as they are compared with all others."""

    digests: list[bytes]
    thumbnails: Float32
    """`[N, 64]`: means over 8 x 8 parts, less their mean, of length 1; of a flat picture zeros."""


def _looked_at(data: PreparedData, split: Split, indices: Int64) -> _LookedAt:
    """Look at the pictures of a split at `indices`, some at a time."""
    inputs, digests, thumbnails = data.inputs(split), list[bytes](), list[Float32]()
    size = max(1, _VALUES // inputs[0].size)
    for start in range(0, len(indices), size):
        pictures = inputs[indices[start : start + size]]
        digests += [hashlib.blake2b(picture.tobytes(), digest_size=16).digest() for picture in pictures]
        thumbnails.append(similarity.thumbnails(pictures))
    return _LookedAt(digests, np.concatenate(thumbnails))


def _nearly_same(data: PreparedData, indices: Int64, nearest: Int64) -> Iterator[tuple[int, int]]:
    """Yield the test pictures at `indices`, and those of training `nearest` to them, that are nearly the same."""
    pictures, others = data.inputs("test"), data.inputs("train")
    for test, train in zip(indices.tolist(), nearest.tolist(), strict=True):
        if similarity.correlation(pictures[test], others[train]) >= _SIMILAR:
            yield test, train

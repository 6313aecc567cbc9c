"""Drawn splits: which split a record is in is a pure function of its key, and its class is in every split.

Each key (a hash) draws a number in 0..1. The lowest are the test split, the next validation, the others train: so a
record stays where it is when others come. Of a large class every split gets its part, but for chance. A class of which
a split has less than half of its part is helped: those of its training keys follow that drew next. Only a key of such a
class may change its split when records are added, and only as long as the class is small. Limits: the parts are met on
average, not to the record; a key with records of several classes counts for each of them; a class needs three keys to
be in all three splits.
"""

from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.prepared import SPLITS

UInt64 = NDArray[np.uint64]
Int8 = NDArray[np.int8]
Int64 = NDArray[np.int64]

TRAIN, VALIDATION, TEST = (SPLITS.index(split) for split in ("train", "validation", "test"))
_ENOUGH = 0.5  # of the part of a class that a split should have: a class with less is helped
_RANGE = 2.0**64


def content_keys(examples: NDArray[Any]) -> UInt64:
    """Return the key of each of `[N, ...]`: a hash of its bytes, so that copies stay together."""
    digests = [blake2b(example.tobytes(), digest_size=8).digest() for example in examples]
    return np.array([int.from_bytes(digest, "little") for digest in digests], dtype=np.uint64)


def draw(keys: UInt64, labels: NDArray[np.generic] | None, validation: float, test: float) -> Int8:
    """Return the split of each record, `[N]` indices into `SPLITS`.

    Args:
        keys: `[N]` evenly distributed hashes; records with the same one stay together.
        labels: `[N]` whole numbers, the class of each record, below 0 where it is not known; numbers that are not
            whole, or None, are no classes: then every split gets something of the whole.
        validation: part of the records, 0..1.
        test: part of the records, 0..1.
    """
    units, indices = np.unique(keys, return_inverse=True)  # ascending: in the order of their draw
    drawn = units / _RANGE
    splits = np.full(len(units), TRAIN, dtype=np.int8)
    splits[drawn < test + validation] = VALIDATION
    splits[drawn < test] = TEST
    parts = {TEST: test, VALIDATION: validation}
    _fill(splits, np.arange(len(units)), parts)
    if labels is not None and np.issubdtype(labels.dtype, np.integer):
        for label in np.unique(labels):
            if label >= 0:
                _fill(splits, np.unique(indices[labels == label]), parts)
    found: Int8 = splits[indices]
    return found


def _fill(splits: Int8, units: Int64, parts: dict[int, float]) -> None:
    """See to it that `units`, in the order of their draw, are in every split: train first, then test."""
    if len(units) and not (splits[units] == TRAIN).any():
        splits[units[-1]] = TRAIN
    for split, part in parts.items():
        (other,) = {TEST, VALIDATION} - {split}
        kept = 0 if split == TEST else 1
        wanted = max(1, int(_ENOUGH * part * len(units)))
        missing = max(0, wanted - int((splits[units] == split).sum()))
        train, held_out = units[splits[units] == TRAIN], units[splits[units] == other]
        candidates = np.concatenate([train[:-1], held_out[kept:]])
        splits[candidates[:missing]] = split

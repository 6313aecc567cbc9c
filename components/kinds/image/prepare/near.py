"""Test pictures that look like training pictures: frames of one film, one thing from several sides."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from components.kinds import pattern, similarity

ALIKE = 0.995
"""Correlation from which two pictures are one thing whatever their names, as in the evaluation's leaks."""

_MAY_BE = 0.9  # from which they are if their names say so too
_MOST = 1_000  # test pictures that are looked for
_FEWEST = 3
_PART = 0.01  # of the test pictures, under which nothing is said
_PATTERNS = ("{group}_#", "{group}_*", "{group}-#", "{group}-*", "{group} (#)", "{group}.*")
_TOGETHER = 0.8  # part of the pairs alike that a grouping has to keep together
_CHANCE = 0.3  # part of any pairs that it may keep together
_MOST_TRAINING = 50_000  # training pictures that are looked at
_VALUES = 4_000_000  # of pictures that are read at a time
_NAMES = 5_000  # of pictures that a grouping is tried on


@dataclass(frozen=True)
class SplitPicture:
    """A picture of a split, by its index in the array of all."""

    index: int
    path: str
    label: str


def describe_near(
    pictures: NDArray[np.uint8], test: Sequence[SplitPicture], train: Sequence[SplitPicture]
) -> list[str]:
    """Return which test pictures look like training pictures, in a sentence, and what would keep them together."""
    looked_at = test[:: max(1, ceil(len(test) / _MOST))]
    if not looked_at or not train:
        return []
    train = train[:: max(1, ceil(len(train) / _MOST_TRAINING))]
    indices = similarity.nearest(_thumbnails(pictures, looked_at), _thumbnails(pictures, train))
    pairs = [(picture, train[index]) for picture, index in zip(looked_at, indices.tolist(), strict=True)]
    correlated = [
        (picture, nearest, similarity.correlation(pictures[picture.index], pictures[nearest.index]))
        for picture, nearest in pairs
    ]
    may_be = [(picture, nearest) for picture, nearest, much in correlated if much >= _MAY_BE]
    grouping = _grouping(may_be, [*test, *train]) if _many(may_be, looked_at) else None
    if grouping is None:
        may_be = [(picture, nearest) for picture, nearest, much in correlated if much >= ALIKE]
        if not _many(may_be, looked_at):
            return []
    picture, nearest = may_be[0]
    example = f', as "{grouping}"' if grouping else ""
    return [
        f"{len(may_be):,} of {len(looked_at):,} test pictures look like ones in train "
        f"({picture.path} like {nearest.path}): "
        f"if several show one thing, set prepare.group to keep them in one split{example}"
    ]


def _many(pairs: Sequence[object], of: Sequence[object]) -> bool:
    return len(pairs) >= max(_FEWEST, _PART * len(of))


def _thumbnails(pictures: NDArray[np.uint8], shown: Sequence[SplitPicture]) -> NDArray[np.float32]:
    indices = np.array([picture.index for picture in shown])
    size = max(1, _VALUES // pictures[0].size)
    blocks = [similarity.thumbnails(pictures[indices[start : start + size]]) for start in range(0, len(indices), size)]
    return np.concatenate(blocks)


def _grouping(pairs: Sequence[tuple[SplitPicture, SplitPicture]], everything: Sequence[SplitPicture]) -> str | None:
    """Return the pattern of names that keeps the pairs together, far more of them than of any pictures."""
    labels = len({picture.label for picture in everything})
    everything = everything[:: max(1, len(everything) // _NAMES)]
    for text in _PATTERNS:
        find = pattern.finder(text, "group", "")
        counts = Counter(group for picture in everything if (group := find(picture.path)))
        if len(counts) < 2 * labels or sum(counts.values()) < len(everything):
            continue
        together = sum(find(picture.path) == find(nearest.path) for picture, nearest in pairs) / len(pairs)
        if together >= _TOGETHER and _by_chance(counts) <= _CHANCE:
            return text
    return None


def _by_chance(counts: Mapping[str, int]) -> float:
    total = sum(counts.values())
    return sum((count / total) ** 2 for count in counts.values())

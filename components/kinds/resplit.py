"""A prepared data set, split otherwise: the same examples, other ones of them in each split."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.prepared import SPLITS, PreparedData, Split

Int64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ResplitData(PreparedData):
    """A view of a small data set: what it returns is read into memory."""

    members: Mapping[Split, Int64] = field(default_factory=dict)
    """Of each split the indices into all examples: those of train, of validation and of test, one after the other."""
    _read: dict[tuple[Split, str], NDArray[Any]] = field(default_factory=dict)
    """What was read, but for the inputs, which are asked for once."""

    def array(self, split: Split, name: str) -> NDArray[Any]:
        """Return what is kept under `name` of the examples of `split`, `[N, ...]`.

        Raises:
            DataError: it is not kept of every split, or not readable.
        """
        if (split, name) in self._read:
            return self._read[split, name]
        whole = np.concatenate([super(ResplitData, self).array(other, name) for other in SPLITS])
        found = whole[self.members[split]]
        if name != "inputs":
            self._read[split, name] = found
        return found

    def has(self, split: Split, name: str) -> bool:
        """Whether something is kept under `name` of every example."""
        return all(super(ResplitData, self).has(other, name) for other in SPLITS)


def resplit(data: PreparedData, members: Mapping[Split, Int64]) -> ResplitData:
    """Return the data set with those of all its examples in each split that `members` says."""
    counts: dict[str, int] = {split: len(indices) for split, indices in members.items()}
    return ResplitData(data.path, data.kind, data.classes, data.input, counts, data.task, data.backbone, members)


def all_examples(data: PreparedData, name: str) -> NDArray[Any]:
    """Return what is kept under `name` of all examples, `[N, ...]`: of train, validation and test."""
    return np.concatenate([data.array(split, name) for split in SPLITS])

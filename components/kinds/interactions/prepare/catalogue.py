"""The items by their numbers: in the order in which they came up, so that later data only adds to them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.kinds.interactions.codec.input import digest
from components.kinds.interactions.prepare.records import Records
from components.kinds.interactions.prepare.spans import Cuts

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Catalogue:
    """All items of the data."""

    names: list[str]
    numbers: Int64
    """Of each interaction, from 0."""
    known: int
    """How many of them came up before validation began."""

    @property
    def digest(self) -> str:
        """Of the names that are known."""
        return digest(self.names[: self.known])


def number_items(records: Records, cuts: Cuts) -> Catalogue:
    """Return the items in the order of their first interaction."""
    _, first = np.unique(records.items, return_index=True)
    order = np.argsort(first, kind="stable")
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.arange(len(order))
    known = int((records.times[first] < cuts.ends[0]).sum())
    return Catalogue([records.names[item] for item in order.tolist()], numbers[records.items], known)

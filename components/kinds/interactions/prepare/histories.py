"""What each user had taken before: of all examples at once, and nothing of the same moment or later."""

import numpy as np
from numpy.typing import NDArray

from components.kinds.interactions.params import Prepare

Int64 = NDArray[np.int64]


class Histories:
    """The interactions of each user in the order of time, and those that are examples."""

    def __init__(self, users: Int64, items: Int64, times: Int64, repeats: bool) -> None:
        """Take who took what and when, `[N]` each in the order of time; `repeats`: whether twice counts twice."""
        again = np.zeros(len(users), dtype=np.bool_) if repeats else _again(users, items)
        self.again = int(again.sum())
        """Interactions of a user with an item that he had before, which count for nothing."""
        self.rows = np.flatnonzero(~again)
        """Of each example, which interaction it is; in the order of time."""
        order = np.argsort(users[self.rows], kind="stable")  # by user, then by time
        self._sequence = self.rows[order]
        self._owner = owner = users[self._sequence]
        moment = times[self._sequence]
        places = np.arange(len(order))
        begins = _starts(owner[1:] != owner[:-1], places)
        moments = _starts((owner[1:] != owner[:-1]) | (moment[1:] != moment[:-1]), places)
        self._before = np.empty(len(order), dtype=np.int64)
        self._before[order] = moments
        self._begins = np.empty(len(order), dtype=np.int64)
        self._begins[order] = begins

    def latest(self, count: int) -> Int64:
        """Return which interactions are among the last `count` of their user, in the order of time."""
        ends = np.searchsorted(self._owner, self._owner, side="right")
        return np.sort(self._sequence[ends - np.arange(len(ends)) <= count])

    def examples(self, which: Int64, numbers: Int64, config: Prepare) -> NDArray[np.int32]:
        """Return `[n, length + exclude]` of the examples at `which`.

        Args:
            which: indices of `rows`.
            numbers: of each interaction the number of its item, from 0.
            config: the section `prepare`.
        """
        columns = config.length + (0 if config.repeats else config.exclude)
        at = self._before[which][:, None] - 1 - np.arange(columns)
        there = at >= self._begins[which][:, None]
        found = np.where(there, numbers[self._sequence[np.maximum(at, 0)]] + 1, 0).astype(np.int32)
        return np.pad(found, ((0, 0), (0, config.length + config.exclude - columns)))


def _again(users: Int64, items: Int64) -> NDArray[np.bool_]:
    """Return which interactions are of a user with an item that he had before, `[N]`."""
    pairs = users * (items.max(initial=0) + 1) + items
    _, first = np.unique(pairs, return_index=True)
    again = np.ones(len(users), dtype=np.bool_)
    again[first] = False
    return again


def _starts(changes: NDArray[np.bool_], places: Int64) -> Int64:
    """Return where the run that each place is in begins."""
    return np.maximum.accumulate(np.where(np.concatenate([[True], changes]), places, 0))

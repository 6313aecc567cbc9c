"""Values and their weights, each pair once with how often it was seen: what a day's metric is made of.

Whether an answer is right has two values, so a day takes some bytes whatever its traffic. Of more values than 4,096
each is rounded down to one of as many levels; who uses them allows for it by `step`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVELS = 4_096


@dataclass(frozen=True)
class Tally:
    """The pairs, `[P]` each."""

    values: Floats
    """0 to 1."""
    weights: Floats
    """1 / the probability with which the row came to be known."""
    counts: NDArray[np.int64]
    step: float = 0.0
    """By how much a value may have been larger."""

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return int(self.counts.sum())

    def losses(self, lower_is_better: bool) -> Floats:
        """Return the values as losses, `[P]`, of which 0 is best; none is told larger than it was."""
        return self.values if lower_is_better else 1.0 - np.minimum(self.values + self.step, 1.0)


def tally(values: Floats, weights: Floats) -> Tally:
    """Count the pairs of values `[N]`, 0 to 1, and weights `[N]`."""
    return _counted(values, weights, np.ones(len(values), dtype=np.int64), 0.0)


def joined(tallies: Sequence[Tally]) -> Tally:
    """Return the pairs of several."""
    parts = [(each.values, each.weights, each.counts) for each in tallies]
    values, weights, counts = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _counted(values, weights, counts, max(each.step for each in tallies))


def _counted(values: Floats, weights: Floats, counts: NDArray[np.int64], step: float) -> Tally:
    if step or len(np.unique(values)) > LEVELS:
        values, step = np.floor(values * LEVELS) / LEVELS, 1 / LEVELS
    order = np.lexsort((weights, values))
    values, weights = values[order], weights[order]
    first = np.flatnonzero(np.append(True, (values[1:] != values[:-1]) | (weights[1:] != weights[:-1]))[: len(values)])
    sums = np.add.reduceat(counts[order], first) if len(first) else counts[:0]
    return Tally(values[first], weights[first], sums, step)

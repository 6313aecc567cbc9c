"""A metric of answers at work, as the mean of a number from 0 to 1 over the rows that count.

Of such a mean there are intervals that hold however often one looks; of an average precision there are none.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Rate:
    """One metric of N labelled answers."""

    values: NDArray[np.float64]
    """`[N]`, 0 to 1: whether an answer is right, or a part of `scale`."""
    counted: NDArray[np.bool_]
    """`[N]`, the rows that it is the mean of."""
    lower_is_better: bool = False
    scale: float = 1.0
    """What a value of 1 stands for: the largest error that is told from larger ones."""

    @property
    def value(self) -> float:
        """The metric; not a number where no row counts."""
        return float(self.values[self.counted].mean() * self.scale) if self.counted.any() else float("nan")

    @property
    def losses(self) -> NDArray[np.float64]:
        """The rows that count, `[n]`, as losses: 0 is best."""
        found = self.values[self.counted]
        return found if self.lower_is_better else 1.0 - found


def of_all(right: NDArray[np.bool_]) -> Rate:
    """Return the share of right answers among all."""
    return Rate(right.astype(np.float64), np.ones(len(right), dtype=np.bool_))


def of_flags(flagged: NDArray[np.bool_], positive: NDArray[np.bool_]) -> dict[str, Rate]:
    """Return recall and precision of what was flagged."""
    hit = (flagged & positive).astype(np.float64)
    return {"recall": Rate(hit, positive), "precision": Rate(hit, flagged)}

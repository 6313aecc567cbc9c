"""A metric of answers at work, as the mean of a number from 0 to 1 over the rows that count.

Of such a mean there are intervals that hold however often one looks; of an average precision there are none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.deciding import COSTS


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


def of_costs(flagged: NDArray[np.bool_], positive: NDArray[np.bool_], costs: Mapping[str, float]) -> Rate:
    """Return the mean cost of an answer, by what a `miss` and a `false_alarm` cost on average."""
    cost = np.where(positive, costs["miss"] * ~flagged, costs["false_alarm"] * flagged)
    scale = max(costs.values())
    return Rate(cost / scale, np.ones(len(cost), dtype=np.bool_), lower_is_better=True, scale=scale)


def at_the_same_costs(
    decision: Mapping[str, Any], other: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return both decisions with the costs of `other`, or else those of `decision`: both versions pay the same."""
    costs = other.get(COSTS, decision.get(COSTS))
    if costs is None:
        return decision, other
    return {**decision, COSTS: costs}, {**other, COSTS: costs}

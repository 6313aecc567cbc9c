"""The metric that decides which of two models is better, and what mistakes cost where that decides."""

from typing import NamedTuple

COSTS = "costs"
"""Of a decision: what each sort of mistake costs, where they do not cost the same."""


class Deciding(NamedTuple):
    """What a model reaches."""

    metric: str
    """Its name."""
    value: float
    lower_is_better: bool = False
    """Whether the metric is a loss or a cost."""

    @property
    def merit(self) -> float:
        """The value, with its sign turned where less is better."""
        return -self.value if self.lower_is_better else self.value

"""The baseline, a simpler model that every model is compared with: one that does not beat it is not worth its cost.

The rule is that of the ML Test Score (Breck et al. 2017), test Model 5: "A simpler model is not better".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from components.config.params import Training

PREFIX = "baseline_"
"""What stands before the name of a metric that is the baseline's."""


@dataclass(frozen=True)
class BaselineComparison:
    """The deciding metric, higher is better, of the model and of its baseline, both in 0..1."""

    model: float
    baseline: float

    @property
    def beaten(self) -> bool:
        """Whether the model is better; one that is only as good, or is not a number, is not."""
        return self.model > self.baseline

    def __str__(self) -> str:
        if self.beaten:
            return f"{self.baseline:.2%} (beaten by {100 * (self.model - self.baseline):.2f} points)"
        return f"NOT BEATEN: {self.baseline:.2%} against the model's {self.model:.2%}"


def prefixed(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return a baseline's metrics, each name with the prefix that tells it from the model's."""
    return {f"{PREFIX}{name}": value for name, value in metrics.items()}


def compare_with_baseline(metrics: Mapping[str, float], metric: str) -> BaselineComparison:
    """Return the model's and the baseline's `metric` among the metrics of an evaluation."""
    return BaselineComparison(metrics[metric], metrics[f"{PREFIX}{metric}"])


def limit_threads(config: "Training") -> threadpool_limits:
    """Return a context that limits numpy and scikit-learn to the threads of the recipe; `auto`: one."""
    return threadpool_limits(1 if config.threads == "auto" else config.threads)

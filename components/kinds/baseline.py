"""The baseline, a simpler model that every model is compared with: one that does not beat it is not worth its cost.

The rule is that of the ML Test Score (Breck et al. 2017), test Model 5: "A simpler model is not better".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from components.kinds.formatting import number

if TYPE_CHECKING:
    from components.config.params import Training

PREFIX = "baseline_"
"""What stands before the name of a metric that is the baseline's."""


@dataclass(frozen=True)
class BaselineComparison:
    """The deciding metric of the model and of its baseline."""

    model: float
    baseline: float | None
    """None: the metric says nothing of a baseline."""
    lower_is_better: bool = False
    """Whether the metric is a loss or a cost; else it is a share, 0 to 1, of which more is better."""

    @property
    def beaten(self) -> bool | None:
        """Whether the model is better; one that is only as good, or is not a number, is not. None: nothing to beat."""
        if self.baseline is None:
            return None
        return self.model < self.baseline if self.lower_is_better else self.model > self.baseline

    def __str__(self) -> str:
        if self.baseline is None:
            return "none: without labels there is nothing to compare by"
        model, baseline = self.shown(self.model), self.shown(self.baseline)
        if not self.beaten:
            return f"NOT BEATEN: {baseline} against the model's {model}"
        gain = abs(self.model - self.baseline)
        return f"{baseline} (beaten by {number(gain) if self.lower_is_better else f'{100 * gain:.2f} points'})"

    def shown(self, value: float) -> str:
        """Return a value of the metric in words: a share as per cent."""
        return number(value) if self.lower_is_better else f"{value:.2%}"


def prefixed(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return a baseline's metrics, each name with the prefix that tells it from the model's."""
    return {f"{PREFIX}{name}": value for name, value in metrics.items()}


def compare_with_baseline(
    metrics: Mapping[str, float], metric: str, lower_is_better: bool = False
) -> BaselineComparison:
    """Return the model's and the baseline's `metric` among the metrics of an evaluation."""
    return BaselineComparison(metrics[metric], metrics.get(f"{PREFIX}{metric}"), lower_is_better)


def limit_threads(config: "Training") -> threadpool_limits:
    """Return a context that limits numpy and scikit-learn to the threads of the recipe; `auto`: one."""
    return threadpool_limits(1 if config.threads == "auto" else config.threads)

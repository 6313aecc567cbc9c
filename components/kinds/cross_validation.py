"""What a cross-validation has found, as the stage `cross_validate` leaves it and others read it.

cross_validation/metrics.json   over all examples, and each metric's spread over the folds; `folds` 0: there was none
cross_validation/outputs.json   of each example the answer of a model that never saw it
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.config.settings import artifacts
from components.kinds.baseline import BaselineComparison, compare_with_baseline
from components.kinds.formatting import number
from components.system.files import read_json

FOLDER = "cross_validation"
METRICS = "metrics.json"
OUTPUTS = "outputs.json"
PREFIX = "cv_"
"""What stands before the name of a metric that is cross-validated, where it stands beside those of the test split."""
SPREAD = "_spread"
"""What stands behind the name of a metric whose standard deviation over the folds it is."""


@dataclass(frozen=True)
class CrossValidation:
    """The metrics of models that never saw the examples on which they were measured, each on a part of them."""

    folds: int
    examples: int
    metrics: Mapping[str, float]
    """Over all examples, by name; the baseline's, and the spreads."""

    def logged(self) -> dict[str, float]:
        """Return every number by the name that it has beside metrics of the test split."""
        counts = {"folds": float(self.folds), "examples": float(self.examples)}
        return {f"{PREFIX}{name}": value for name, value in {**counts, **self.metrics}.items()}

    def beside_baseline(self, metric: str, lower_is_better: bool) -> BaselineComparison:
        """Return the metric of the model and of the baseline that learned from the same folds."""
        return compare_with_baseline(self.metrics, metric, lower_is_better)

    def told(self, metric: str) -> str:
        """Return the metric in words: `0.9667 ± 0.0211 over 150 examples, 5 folds`."""
        spread = self.metrics.get(f"{metric}{SPREAD}")
        beside = "" if spread is None else f" ± {number(spread)}"
        return f"{number(self.metrics[metric])}{beside} over {self.examples:,} examples, {self.folds} folds"


def read_cross_validation(workload: str) -> CrossValidation | None:
    """Return what the stage has found of the workload; None: its test split is large enough, or it never ran."""
    path = artifacts(workload, FOLDER) / METRICS
    metrics: dict[str, float] = read_json(path) if path.exists() else {}
    if not (folds := int(metrics.pop("folds", 0))):
        return None
    return CrossValidation(folds, int(metrics.pop("examples")), metrics)


def read_outputs(workload: str) -> dict[str, Any]:
    """Return the answers of the workload's folds as JSON; nothing where there are none."""
    path = artifacts(workload, FOLDER) / OUTPUTS
    found: dict[str, Any] = read_json(path) if path.exists() else {}
    return found

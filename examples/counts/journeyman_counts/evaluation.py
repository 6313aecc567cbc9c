"""What counts are measured by; what they share with other numbers is that of `regression`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

from components.kinds.evaluation import BaselineFeatures, Mask
from components.tasks.drawing import MODEL, sheet
from components.tasks.evaluation_data import EvaluationData
from components.tasks.regression.evaluation import correct as correct
from components.tasks.regression.evaluation import is_probabilistic as is_probabilistic
from components.tasks.regression.evaluation import judges_corrupted as judges_corrupted
from components.tasks.regression.evaluation import right as right
from components.tasks.regression.evaluation import slice_correct as slice_correct
from components.tasks.regression.evaluation import slices as slices
from components.tasks.regression.evaluation import surety as surety
from components.tasks.regression.evaluation import suspicion as suspicion
from journeyman_counts.deviance import deviance

_SAME = 0.05  # of the mean count

Array = NDArray[Any]
Decision = Mapping[str, Any]


def metric(data: EvaluationData) -> str:
    """Return the deciding metric."""
    return "poisson_deviance"


def lower_is_better(metric: str) -> bool:
    """Whether the metric is a loss: both are."""
    return True


def unit(data: EvaluationData) -> float:
    """Return the deviance of one mean for all."""
    labels = _labels(data)
    return max(deviance(labels, np.full(len(labels), labels.mean())), 1e-12)


def measures(data: EvaluationData, outputs: Array, decision: Decision, indices: Array) -> dict[str, float]:
    """Return the metrics on the labelled test examples at `indices`; not a number where there are none."""
    indices = indices[~np.isnan(data.labels[indices])]
    if not len(indices):
        return {"poisson_deviance": float("nan"), "mae": float("nan")}
    labels, means = data.labels[indices], outputs[indices, 0]
    return {"poisson_deviance": deviance(labels, means), "mae": float(np.abs(labels - means).mean())}


def whole(data: EvaluationData, outputs: Array, decision: Decision) -> dict[str, float]:
    """Return nothing beside."""
    return {}


def value(data: EvaluationData, outputs: Array, decision: Decision, indices: Array) -> float:
    """Return the deviance on the labelled test examples at `indices`; not a number where there are none."""
    return measures(data, outputs, decision, indices)["poisson_deviance"]


def stated(data: EvaluationData, outputs: Array, decision: Decision) -> None:
    """Return nothing: no share is stated."""


def baseline(data: EvaluationData, features: BaselineFeatures) -> Array:
    """Return the means `[N, 1]` by boosted trees with the same likelihood."""
    known = ~np.isnan(features.labels)
    trees = HistGradientBoostingRegressor(loss="poisson", max_iter=100, random_state=data.config.seed)
    means = trees.fit(features.train[known], features.labels[known]).predict(features.test)
    column: Array = means[:, None].astype(np.float32)
    return column


def baseline_metrics(data: EvaluationData, outputs: Array) -> dict[str, float]:
    """Return the baseline's metrics."""
    return measures(data, outputs, {}, np.arange(len(outputs)))


def figures(data: EvaluationData, outputs: Array, decision: Decision, baseline: Array) -> dict[str, Figure]:
    """Return expected against true counts."""
    figure, axes = sheet()
    axes.plot(data.labels, outputs[:, 0], "o", color=MODEL, markersize=3, alpha=0.5)
    axes.set(xlabel="true count", ylabel="expected count")
    return {"expected": figure}


def same(before: Array, after: Array, decision: Decision, data: EvaluationData) -> Mask:
    """Return which means move by less than a twentieth of the mean count."""
    unchanged: Mask = np.abs(before[:, 0] - after[:, 0]) < _SAME * _labels(data).mean()
    return unchanged


def shown(data: EvaluationData, outputs: Array, decision: Decision) -> tuple[list[str], list[str], Array]:
    """Return the means, the labels, and how far off they are by more than one."""
    away = np.nan_to_num(np.abs(data.labels - outputs[:, 0]) - 1.0, nan=-np.inf)
    return [f"{mean:.2f}" for mean in outputs[:, 0]], [f"{label:g}" for label in data.labels], away


def _labels(data: EvaluationData) -> Array:
    known: Array = data.labels[~np.isnan(data.labels)]
    return known

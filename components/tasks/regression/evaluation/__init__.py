"""What a regression is measured by."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures, Mask, Stated
from components.kinds.slices import number_slices
from components.tasks.evaluation_data import EvaluationData
from components.tasks.regression.answers import interval
from components.tasks.regression.evaluation.metrics import OF_NUMBERS, regression_metrics
from components.tasks.regression.objective.loss import loss_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Decision = Mapping[str, Any]

_SAME = 0.01  # of the labels' spread: an answer that moves by less is the same
_PINBALL = "pinball_loss"


def metric(data: EvaluationData) -> str:
    """Return the deciding metric: the root mean squared error, unless `train.metric` says otherwise."""
    return data.config.metric or "rmse"


def lower_is_better(metric: str) -> bool:
    """Whether the metric is a loss, or the width of the intervals."""
    return metric not in ("r2", "coverage")


def unit(data: EvaluationData) -> float:
    """Return the standard deviation of the known test labels."""
    return max(float(np.nanstd(data.labels)), 1e-12)


def measures(data: EvaluationData, outputs: Float32, decision: Decision, indices: Int64) -> dict[str, float]:
    """Return the metrics on the labelled test examples at `indices`; not a number where there are none."""
    indices = _known(data, indices)
    low, high = interval(outputs[indices], decision)
    return regression_metrics(data.labels[indices], low, outputs[indices, 0], high, data.config.coverage)


def whole(data: EvaluationData, outputs: Float32, decision: Decision) -> dict[str, float]:
    """Return an R² of 0 where the labels have no variance to be explained."""
    labels = data.labels[_known(data)]
    return {} if len(labels) and np.var(labels) > 0.0 else {"r2": 0.0}


def value(data: EvaluationData, outputs: Float32, decision: Decision, indices: Int64) -> float:
    """Return the deciding metric on the labelled test examples at `indices`; not a number where there are none."""
    indices = _known(data, indices)
    if not len(indices):
        return float("nan")
    low, high = interval(outputs[indices], decision)
    labels, numbers = data.labels[indices], outputs[indices, 0]
    return loss_of(metric(data), labels, low, numbers, high, data.config.coverage)


def correct(data: EvaluationData, outputs: Float32, decision: Decision) -> None:
    """Return None: no loss is a share of examples."""


def slice_correct(data: EvaluationData, outputs: Float32, decision: Decision, within: NDArray[Any]) -> None:
    """Return None: the deciding metric judges every slice."""


def slices(data: EvaluationData) -> dict[str, Mask]:
    """Return the quarters of the labels."""
    return number_slices(data.prepared)


def is_probabilistic(config: Any) -> bool:
    """Return whether the outputs are probabilities: they are numbers."""
    return False


def stated(data: EvaluationData, outputs: Float32, decision: Decision) -> Stated:
    """Return which intervals hold the true number."""
    low, high = interval(outputs, decision)
    labels = data.labels
    validated = np.asarray(data.prepared.labels("validation"))
    return Stated(
        name="coverage",
        share=float(decision["coverage"]),
        hits=(low <= labels) & (labels <= high),
        counted=~np.isnan(labels),
        calibrated_on=int((~np.isnan(validated)).sum()),
        at_least=True,
    )


def judges_corrupted(data: EvaluationData) -> bool:
    """Return whether the deciding metric should hold behind corruptions: it should."""
    return True


def baseline(data: EvaluationData, features: BaselineFeatures) -> Float32:
    """Return the baseline's `[N, 3]`; its quantiles are the number itself, unless they decide."""
    from components.tasks.estimators import predicted_intervals, predicted_numbers  # scikit-learn is for who needs it

    config = data.config
    if metric(data) == _PINBALL:
        return predicted_intervals(features, config.coverage, config.seed)
    numbers = predicted_numbers(features, config.seed, absolute=metric(data) == "mae")
    return np.stack([numbers] * 3, axis=1)


def baseline_metrics(data: EvaluationData, outputs: Float32) -> dict[str, float]:
    """Return the metrics of the baseline's numbers; where the pinball loss decides, that of its quantiles as well."""
    indices = _known(data)
    value, low, high = outputs[indices].T
    found = regression_metrics(data.labels[indices], low, value, high, data.config.coverage)
    return {name: found[name] for name in (*OF_NUMBERS, *([_PINBALL] if metric(data) == _PINBALL else []))} | (
        whole(data, outputs, {})
    )


def figures(data: EvaluationData, outputs: Float32, decision: Decision, baseline: Float32) -> "dict[str, Figure]":
    """Return predicted against true numbers, the errors, and the coverage by the predicted number."""
    from components.tasks.regression.evaluation import drawing  # and so is matplotlib

    known = _known(data)
    labels, answered = data.labels[known], outputs[known]
    low, high = interval(answered, decision)
    return {
        "predicted": drawing.predicted_figure(labels, answered[:, 0], low, high),
        "residuals": drawing.residual_figure(labels, answered[:, 0], baseline[known, 0]),
        "calibration": drawing.coverage_figure(labels, answered[:, 0], low, high, float(decision["coverage"])),
    }


def same(before: Float32, after: Float32, decision: Decision, data: EvaluationData) -> Mask:
    """Return which numbers move by less than a hundredth of the labels' spread."""
    unchanged: Mask = np.abs(before[:, 0] - after[:, 0]) < _SAME * unit(data)
    return unchanged


def right(outputs: Float32, decision: Decision, labels: NDArray[Any]) -> None:
    """Return None: no number is right or wrong, it is near or far."""


def suspicion(outputs: Float32) -> None:
    """Return None: no number is more suspicious than another."""


def surety(outputs: Float32, before: Float32) -> None:
    """Return None: how sure a number is does not say how sure it is of another."""


def shown(
    data: EvaluationData, outputs: Float32, decision: Decision
) -> tuple[list[str], list[str], NDArray[np.floating]]:
    """Return the numbers with their intervals, the labels, and how far these lie outside."""
    low, high = interval(outputs, decision)
    labels = data.labels
    rows = zip(outputs[:, 0], low, high, strict=True)
    told = [f"{value:.4g} ({begin:.4g} to {end:.4g})" for value, begin, end in rows]
    outside = np.nan_to_num(np.maximum(low - labels, labels - high), nan=-np.inf)
    return told, [f"{label:.4g}" for label in labels], outside


def _known(data: EvaluationData, indices: Int64 | None = None) -> Int64:
    """Return those of the indices, or of all, whose label is known."""
    there = ~np.isnan(data.labels)
    return np.flatnonzero(there) if indices is None else indices[there[indices]]

"""What a classification is measured by."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures, Mask
from components.kinds.slices import class_slices
from components.tasks.classification.evaluation.metrics import answer_metrics
from components.tasks.classification.objective.macro_f1 import macro_f1
from components.tasks.evaluation_data import EvaluationData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Decision = Mapping[str, Any]

_WHOLE = "expected_calibration_error"  # examples that are drawn twice make it larger


def metric(data: EvaluationData) -> str:
    """Return the deciding metric: the share of right answers, unless `train.metric` says otherwise."""
    return data.config.metric or "accuracy"


def lower_is_better(metric: str) -> bool:
    """Whether the metric is a loss."""
    return metric == "log_loss"


def unit(data: EvaluationData) -> float:
    """Return 1: the metrics are shares."""
    return 1.0


def measures(data: EvaluationData, outputs: Float32, decision: Decision, indices: Int64) -> dict[str, float]:
    """Return the metrics on the test examples at `indices`, but for the expected calibration error.

    The mean of the classes' F1 scores is not a number where a class of the test split is missing: it would be the mean
    of other classes.
    """
    labels = data.labels
    found = answer_metrics(outputs[indices], labels[indices])
    if len(np.unique(labels[indices])) < len(np.unique(labels)):
        found["macro_f1"] = float("nan")
    return {name: value for name, value in found.items() if name != _WHOLE}


def whole(data: EvaluationData, outputs: Float32, decision: Decision) -> dict[str, float]:
    """Return the expected calibration error."""
    return {_WHOLE: answer_metrics(outputs, data.labels)[_WHOLE]}


def value(data: EvaluationData, outputs: Float32, decision: Decision, indices: Int64) -> float:
    """Return the deciding metric on the test examples at `indices`."""
    labels = data.labels[indices]
    if metric(data) == "accuracy":
        return float((outputs[indices].argmax(axis=1) == labels).mean())
    if len(np.unique(labels)) < len(np.unique(data.labels)):
        return float("nan")
    return macro_f1(outputs[indices], labels)


def correct(data: EvaluationData, outputs: Float32, decision: Decision) -> Mask | None:
    """Return which test examples are named rightly, `[N]`: accuracy is their share."""
    return right(outputs, decision, data.labels) if metric(data) == "accuracy" else None


def slice_correct(data: EvaluationData, outputs: Float32, decision: Decision, within: NDArray[Any]) -> Mask:
    """Return which test examples are named rightly, `[N]`: a slice is judged by its accuracy, a class by its recall."""
    return right(outputs, decision, data.labels)


def slices(data: EvaluationData) -> dict[str, Mask]:
    """Return the classes."""
    return class_slices(data.prepared)


def is_probabilistic(config: Any) -> bool:
    """Return whether the outputs are probabilities: they are."""
    return True


def stated(data: EvaluationData, outputs: Float32, decision: Decision) -> None:
    """Return None: probabilities state all there is."""


def judges_corrupted(data: EvaluationData) -> bool:
    """Return whether the deciding metric should hold behind corruptions: it should."""
    return True


def baseline(data: EvaluationData, features: BaselineFeatures) -> Float32:
    """Return the baseline's probabilities `[N, classes]`."""
    from components.tasks.estimators import class_probabilities  # scikit-learn is for who needs it

    return class_probabilities(features, len(data.prepared.classes), data.config.seed)


def baseline_metrics(data: EvaluationData, outputs: Float32) -> dict[str, float]:
    """Return the baseline's metrics: none of them needs a decision."""
    return answer_metrics(outputs, data.labels)


def figures(data: EvaluationData, outputs: Float32, decision: Decision, baseline: Float32) -> "dict[str, Figure]":
    """Return the confusion matrix and the calibration."""
    from components.tasks.classification.evaluation.drawing import draw_figures  # and so is matplotlib

    return draw_figures(data.prepared.classes, data.labels, outputs)


def same(before: Float32, after: Float32, decision: Decision, data: EvaluationData) -> Mask:
    """Return which examples are still taken for the same class."""
    unchanged: Mask = before.argmax(axis=1) == after.argmax(axis=1)
    return unchanged


def right(outputs: Float32, decision: Decision, labels: NDArray[Any]) -> Mask:
    """Return which outputs `[n, classes]` are named rightly."""
    named: Mask = outputs.argmax(axis=1) == labels
    return named


def suspicion(outputs: Float32) -> None:
    """Return None: no class is more suspicious than another."""


def surety(outputs: Float32, before: Float32) -> Float32:
    """Return the probability of the class that each was taken for before."""
    sure: Float32 = outputs[np.arange(len(before)), before.argmax(axis=1)]
    return sure


def shown(
    data: EvaluationData, outputs: Float32, decision: Decision
) -> tuple[list[str], list[str], NDArray[np.floating]]:
    """Return the answers with their probabilities, the labels, and of mistakes how sure the model is of them."""
    labels, classes, best = data.labels, data.prepared.classes, outputs.argmax(axis=1)
    sure = outputs.max(axis=1)
    told = [f"{classes[index]} {share:.0%}" for index, share in zip(best, sure, strict=True)]
    return told, [classes[label] for label in labels], np.where(best == labels, -sure, sure)

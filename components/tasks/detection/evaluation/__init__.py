"""What a detection is measured by."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures, Mask
from components.kinds.ranking import average_precision
from components.kinds.slices import class_slices
from components.tasks.detection.answers import decide
from components.tasks.detection.evaluation.metrics import brier, credibility, decided, log_loss, ranking
from components.tasks.detection.objective.cost import COST
from components.tasks.evaluation_data import EvaluationData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Decision = Mapping[str, Any]

_WHOLE = "expected_calibration_error"  # examples that are drawn twice make it larger


def metric(data: EvaluationData) -> str:
    """Return the deciding metric: the area under the precision-recall curve, in steps, unless `train.metric` says."""
    return data.config.metric or "average_precision"


def lower_is_better(metric: str) -> bool:
    """Whether the metric is a loss or a cost."""
    return metric in (COST, "log_loss")


def unit(data: EvaluationData) -> float:
    """Return 1, or for costs what flagging nothing costs."""
    if metric(data) != COST:
        return 1.0
    return max(1_000 * float(data.misses[data.labels == 1].mean()) * float((data.labels == 1).mean()), 1e-12)


def measures(data: EvaluationData, outputs: Float32, decision: Decision, indices: Int64) -> dict[str, float]:
    """Return the metrics on the test examples at `indices`, but for the expected calibration error.

    Not a number is a share of nothing: a recall where no example is positive, a precision where none is flagged.
    """
    labels, scores = data.labels[indices], outputs[indices, 1]
    found = ranking(labels, scores)
    if is_probabilistic(data.config):
        found |= {"log_loss": log_loss(labels, scores), "brier_score": brier(labels, scores)}
    found |= decided(labels, data.misses[indices], scores, decision, data.config.false_alarm)
    of = {"recall": labels == 1, "precision": decide(outputs[indices], decision) == 1}
    return found | {name: float("nan") for name, examples in of.items() if not examples.any()}


def whole(data: EvaluationData, outputs: Float32, decision: Decision) -> dict[str, float]:
    """Return the expected calibration error, and a precision or a recall of nothing as 0."""
    found = decided(data.labels, data.misses, outputs[:, 1], decision, data.config.false_alarm)
    return found | ({_WHOLE: credibility(data.labels, outputs[:, 1])[_WHOLE]} if is_probabilistic(data.config) else {})


def value(data: EvaluationData, outputs: Float32, decision: Decision, indices: Int64) -> float:
    """Return the deciding metric on the test examples at `indices`; not a number where none of them is positive."""
    labels, scores = data.labels[indices], outputs[indices, 1]
    if metric(data) == COST:
        return decided(labels, data.misses[indices], scores, decision, data.config.false_alarm)[COST]
    return average_precision(labels, scores)


def correct(data: EvaluationData, outputs: Float32, decision: Decision) -> None:
    """Return None: neither average precision nor a cost is a share of examples."""


def slice_correct(data: EvaluationData, outputs: Float32, decision: Decision, within: NDArray[Any]) -> Mask | None:
    """Return which test examples are decided rightly, `[N]`, of a slice of one class: their share is its recall.

    None where both classes are in it: then the deciding metric judges it.
    """
    return None if len(np.unique(data.labels[within])) > 1 else right(outputs, decision, data.labels)


def slices(data: EvaluationData) -> dict[str, Mask]:
    """Return the two classes."""
    return class_slices(data.prepared)


def is_probabilistic(config: Any) -> bool:
    """Return whether the outputs are probabilities: not where no label is learned from."""
    return getattr(config, "labels", "all") == "all"


def stated(data: EvaluationData, outputs: Float32, decision: Decision) -> None:
    """Return None: probabilities state all there is."""


def judges_corrupted(data: EvaluationData) -> bool:
    """Return whether the deciding metric should hold behind corruptions: it should."""
    return True


def baseline(data: EvaluationData, features: BaselineFeatures) -> Float32:
    """Return the baseline's `[N, 2]`."""
    from components.tasks.detection.evaluation import baselines  # scikit-learn is for who needs it

    return baselines.baseline(features, is_probabilistic(data.config), data.config.seed)


def baseline_metrics(data: EvaluationData, outputs: Float32) -> dict[str, float]:
    """Return how well the baseline ranks, and how well its probabilities are calibrated.

    Where the cost decides, also what it costs to flag what costs more to miss, on average, than to flag in vain (Elkan
    2001, "The Foundations of Cost-Sensitive Learning"); scores that are no probabilities have none.
    """
    scores, probabilistic = outputs[:, 1], is_probabilistic(data.config)
    found = ranking(data.labels, scores)
    if probabilistic and metric(data) == COST:
        false_alarm = data.config.false_alarm
        threshold = {"threshold": false_alarm / (false_alarm + data.misses.mean())}
        found[COST] = decided(data.labels, data.misses, scores, threshold, false_alarm)[COST]
    return found | (credibility(data.labels, scores) if probabilistic else {})


def figures(data: EvaluationData, outputs: Float32, decision: Decision, baseline: Float32) -> "dict[str, Figure]":
    """Return precision against recall, cost against alerts, and how well the scores are calibrated."""
    from components.tasks.detection.evaluation import drawing  # and so is matplotlib

    labels, scores, threshold = data.labels, outputs[:, 1], float(decision["threshold"])
    supervised = is_probabilistic(data.config)
    drawn = {
        "precision_recall": drawing.curve_figure(labels, scores, baseline[:, 1], threshold),
        "cost": drawing.cost_figure(data, scores, threshold),
        "scores": drawing.scores_figure(labels, scores, data.prepared.classes, threshold),
    }
    return drawn | ({"calibration": drawing.calibration_figure(labels, scores)} if supervised else {})


def same(before: Float32, after: Float32, decision: Decision, data: EvaluationData) -> Mask:
    """Return which examples are still decided the same."""
    unchanged: Mask = decide(before, decision) == decide(after, decision)
    return unchanged


def right(outputs: Float32, decision: Decision, labels: NDArray[Any]) -> Mask:
    """Return which outputs `[n, 2]` are decided rightly."""
    decided_rightly: Mask = decide(outputs, decision) == labels
    return decided_rightly


def suspicion(outputs: Float32) -> Float32:
    """Return the probability of the positive class."""
    return outputs[:, 1]


def surety(outputs: Float32, before: Float32) -> None:
    """Return None: an example that is less surely negative is more suspicious, as it may be."""


def shown(
    data: EvaluationData, outputs: Float32, decision: Decision
) -> tuple[list[str], list[str], NDArray[np.floating]]:
    """Return the answers with their probabilities, the labels, and of mistakes how far from the threshold they are."""
    labels, classes, chosen = data.labels, data.prepared.classes, decide(outputs, decision)
    told = [f"{classes[index]} ({share:.0%})" for index, share in zip(chosen, outputs[:, 1], strict=True)]
    far = np.abs(outputs[:, 1] - decision["threshold"])
    return told, [classes[label] for label in labels], np.where(chosen == labels, -far, far)

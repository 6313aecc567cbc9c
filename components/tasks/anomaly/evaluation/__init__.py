"""What a model of anomalies is measured by: by labels that it never saw, where there are any."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures, Mask, Stated
from components.kinds.prepared import label_name
from components.kinds.ranking import average_precision
from components.kinds.slices import class_slices
from components.tasks.anomaly.answers import decide, ranks
from components.tasks.anomaly.evaluation.metrics import (
    DEVIATION,
    alert_rate,
    decided,
    is_labelled,
    ranking,
    stability_index,
)
from components.tasks.evaluation_data import EvaluationData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Decision = Mapping[str, Any]


def metric(data: EvaluationData) -> str:
    """Return the average precision by the test split's labels; without any, how far off the rate of alerts is."""
    return "average_precision" if is_labelled(data.labels) else DEVIATION


def lower_is_better(metric: str) -> bool:
    """Whether the metric is that of unlabelled data: how far off the rate of alerts is."""
    return metric == DEVIATION


def unit(data: EvaluationData) -> float:
    """Return 1: the metrics are shares."""
    return 1.0


def measures(data: EvaluationData, outputs: Float32, decision: Decision, indices: Int64) -> dict[str, float]:
    """Return the metrics on the test examples at `indices`; not a number are those that they have not."""
    labels, answered = data.labels[indices], outputs[indices]
    rate = alert_rate(labels, answered, decision)
    found = {"alert_rate": rate, DEVIATION: abs(rate - data.config.alerts)}
    if not is_labelled(data.labels):
        return found
    return ranking(labels, answered[:, 0]) | decided(labels, answered, decision) | found


def whole(data: EvaluationData, outputs: Float32, decision: Decision) -> dict[str, float]:
    """Return the rate of alerts that is stated, the stability of the scores, and a precision of nothing as 0."""
    found = {
        "stated_alert_rate": float(data.config.alerts),
        "population_stability_index": stability_index(outputs[:, 0], decision),
    }
    if is_labelled(data.labels):
        found |= {name: float(np.nan_to_num(share)) for name, share in decided(data.labels, outputs, decision).items()}
    return found


def value(data: EvaluationData, outputs: Float32, decision: Decision, indices: Int64) -> float:
    """Return the deciding metric on the test examples at `indices`; not a number where they have none."""
    labels, answered = data.labels[indices], outputs[indices]
    if metric(data) == DEVIATION:
        return float(abs(alert_rate(labels, answered, decision) - data.config.alerts))
    known = labels >= 0
    return average_precision(labels[known], answered[known, 0])


def correct(data: EvaluationData, outputs: Float32, decision: Decision) -> None:
    """Return None: neither average precision nor a deviation is a share of examples."""


def slice_correct(data: EvaluationData, outputs: Float32, decision: Decision, within: NDArray[Any]) -> Mask | None:
    """Return which test examples are decided rightly, `[N]`, of a slice of one known class: their share is its recall.

    None elsewhere: the deciding metric judges it.
    """
    labels = np.unique(data.labels[within])
    return right(outputs, decision, data.labels) if len(labels) == 1 and labels[0] >= 0 else None


def slices(data: EvaluationData) -> dict[str, Mask]:
    """Return the two classes, where both are known."""
    return class_slices(data.prepared) if is_labelled(data.labels) else {}


def is_probabilistic(config: Any) -> bool:
    """Return whether the outputs are probabilities: a score ranks alone."""
    return False


def stated(data: EvaluationData, outputs: Float32, decision: Decision) -> Stated:
    """Return which examples are flagged that are not known to be anomalies: no more than stated may be."""
    validated = np.asarray(data.prepared.labels("validation"))
    return Stated(
        name="alert rate",
        share=float(data.config.alerts),
        hits=decide(outputs, decision) == 1,
        counted=data.labels != 1,
        calibrated_on=int((validated != 1).sum()),
        at_least=False,
    )


def judges_corrupted(data: EvaluationData) -> bool:
    """Return whether the deciding metric should hold behind corruptions: a corrupted example may rightly be flagged."""
    return metric(data) != DEVIATION


def baseline(data: EvaluationData, features: BaselineFeatures) -> Float32:
    """Return how unusual a simpler model finds the test examples, `[N, 1]`: an isolation forest, or the distance."""
    from components.tasks.estimators import unusual_scores  # scikit-learn is for who needs it

    return unusual_scores(features, data.config.seed)[:, None]


def baseline_metrics(data: EvaluationData, outputs: Float32) -> dict[str, float]:
    """Return how well the baseline ranks; without labels nothing: to keep a rate is no merit of a model."""
    return ranking(data.labels, outputs[:, 0]) if is_labelled(data.labels) else {}


def figures(data: EvaluationData, outputs: Float32, decision: Decision, baseline: Float32) -> "dict[str, Figure]":
    """Return how scores are spread, and where labels are known precision against recall."""
    from components.tasks.anomaly.evaluation.drawing import curve_figure, scores_figure  # and so is matplotlib

    labels, scores, threshold = data.labels, outputs[:, 0], float(decision["threshold"])
    drawn = {"scores": scores_figure(labels, scores, data.prepared.classes, threshold)}
    if is_labelled(labels):
        drawn["precision_recall"] = curve_figure(labels, scores, baseline[:, 0], threshold)
    return drawn


def same(before: Float32, after: Float32, decision: Decision, data: EvaluationData) -> Mask:
    """Return which examples are still decided the same."""
    unchanged: Mask = decide(before, decision) == decide(after, decision)
    return unchanged


def right(outputs: Float32, decision: Decision, labels: NDArray[Any]) -> Mask:
    """Return which outputs `[n, 1]` are decided rightly; what is not known is not."""
    decided_rightly: Mask = decide(outputs, decision) == labels
    return decided_rightly


def suspicion(outputs: Float32) -> Float32:
    """Return the score."""
    return outputs[:, 0]


def surety(outputs: Float32, before: Float32) -> None:
    """Return None: an example that is corrupted may well be more unusual."""


def shown(
    data: EvaluationData, outputs: Float32, decision: Decision
) -> tuple[list[str], list[str], NDArray[np.floating]]:
    """Return the answers with their scores, the labels, and of mistakes how far from the threshold they are.

    Of examples without a label those that are flagged are worth a look, as mistakes are.
    """
    labels, chosen, scores = data.labels, decide(outputs, decision), outputs[:, 0]
    rows = zip(chosen, scores, ranks(scores, decision), strict=True)
    told = [f"{data.prepared.classes[index]} ({score:.3f}, above {rank:.1%})" for index, score, rank in rows]
    above = scores - decision["threshold"]
    wrong = np.where(chosen == labels, -np.abs(above), np.abs(above))
    return told, [label_name(data.prepared, label) for label in labels], np.where(labels < 0, above, wrong)

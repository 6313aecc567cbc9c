"""What suggestions are measured by."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures, Mask
from components.kinds.suggestions import COLUMNS, gains, places, ranked, width
from components.tasks.evaluation_data import EvaluationData
from components.tasks.ranking.evaluation.metrics import coverage, item_slices, popularity, propensities, ranking_metrics
from components.tasks.ranking.evaluation.popular import popular_rankings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Decision = Mapping[str, Any]

_SHARE = "recall_at_20"
_SAME = 10  # suggestions that are compared
_NAMED = 3  # suggestions that a table of examples has


def metric(data: EvaluationData) -> str:
    """Return the deciding metric: the normalized discounted gain, unless `train.metric` says otherwise."""
    return data.config.metric or "ndcg_at_10"


def lower_is_better(metric: str) -> bool:
    """Whether the metric is a loss: none is."""
    return False


def unit(data: EvaluationData) -> float:
    """Return 1: the metrics are shares."""
    return 1.0


def measures(data: EvaluationData, outputs: Float32, decision: Decision, indices: Int64) -> dict[str, float]:
    """Return the metrics on the test examples at `indices`; not a number where there are none."""
    propensity = propensities(data)
    weighed = None if propensity is None else propensity[indices]
    return ranking_metrics(outputs[indices], data.labels[indices], popularity(data), weighed)


def whole(data: EvaluationData, outputs: Float32, decision: Decision) -> dict[str, float]:
    """Return the part of the items that is suggested to anybody."""
    return {"coverage_at_10": coverage(outputs, popularity(data))}


def value(data: EvaluationData, outputs: Float32, decision: Decision, indices: Int64) -> float:
    """Return the deciding metric on the test examples at `indices`; not a number where there are none."""
    if not len(indices):
        return float("nan")
    items = outputs[indices, : width(len(data.prepared.classes)) // COLUMNS]
    return float(gains(metric(data), places(items, data.labels[indices])).mean())


def correct(data: EvaluationData, outputs: Float32, decision: Decision) -> Mask | None:
    """Return which test examples have what was taken among twenty suggestions, `[N]`, where that decides."""
    return right(outputs, decision, data.labels) if metric(data) == _SHARE else None


def slice_correct(data: EvaluationData, outputs: Float32, decision: Decision, within: NDArray[Any]) -> Mask | None:
    """Return the same: a slice is judged by what decides."""
    return correct(data, outputs, decision)


def slices(data: EvaluationData) -> dict[str, Mask]:
    """Return the test examples by how popular and how new what was taken is."""
    return item_slices(data)


def is_probabilistic(config: Any) -> bool:
    """Return whether the outputs are probabilities: they are an order."""
    return False


def stated(data: EvaluationData, outputs: Float32, decision: Decision) -> None:
    """Return None: suggestions state nothing of themselves."""


def judges_corrupted(data: EvaluationData) -> bool:
    """Return whether the deciding metric should hold behind corruptions: it should."""
    return True


def baseline(data: EvaluationData, features: BaselineFeatures) -> Float32:
    """Return the rankings `[N, 4 T]` of what was popular lately, without what each example names as seen."""
    return popular_rankings(features, len(data.prepared.classes))


def baseline_metrics(data: EvaluationData, outputs: Float32) -> dict[str, float]:
    """Return the baseline's metrics: none of them needs a decision."""
    return ranking_metrics(outputs, data.labels, popularity(data), propensities(data)) | whole(data, outputs, {})


def figures(data: EvaluationData, outputs: Float32, decision: Decision, baseline: Float32) -> "dict[str, Figure]":
    """Return how often what was taken is among the first suggestions, by their number, and by how popular it is."""
    from components.tasks.ranking.evaluation import drawing  # matplotlib is for who needs it

    stands, others = (places(ranked(found).items, data.labels) for found in (outputs, baseline))
    return {
        "recall": drawing.recall_figure(stands, others),
        "items": drawing.slice_figure(stands, others, slices(data)),
    }


def same(before: Float32, after: Float32, decision: Decision, data: EvaluationData) -> Mask:
    """Return where at least half of the first ten suggestions are the same."""
    first, then = ranked(before).items[:, :_SAME], ranked(after).items[:, :_SAME]
    there = (first[:, :, None] == then[:, None, :]).any(axis=2) & (first >= 0)
    unchanged: Mask = 2 * there.sum(axis=1) >= (first >= 0).sum(axis=1)
    return unchanged


def right(outputs: Float32, decision: Decision, labels: NDArray[Any]) -> Mask:
    """Return which suggestions `[n, 4 T]` have what was taken, `[n]`, among them."""
    return gains(_SHARE, places(ranked(outputs).items, labels)) > 0


def suspicion(outputs: Float32) -> None:
    """Return None: no list is more suspicious than another."""


def surety(outputs: Float32, before: Float32) -> None:
    """Return None: a score says nothing beside those of the same list."""


def shown(
    data: EvaluationData, outputs: Float32, decision: Decision
) -> tuple[list[str], list[str], NDArray[np.floating]]:
    """Return the first suggestions, what was taken, and how far behind it stands."""
    labels, classes, found = data.labels, data.prepared.classes, ranked(outputs)
    told = [", ".join(classes[item] for item in items[:_NAMED] if item >= 0) for items in found.items.tolist()]
    most = found.items.shape[1]
    return told, [classes[label] for label in labels], np.where(right(outputs, decision, labels), -1.0, 1.0) * most

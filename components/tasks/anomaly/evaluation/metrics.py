"""What scores of unusualness are measured by: how they rank where labels are known, and how often they flag."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.ranking import average_precision, roc_auc
from components.tasks.anomaly.answers import decide, ranks

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

DEVIATION = "alert_rate_deviation"
_BINS = 10  # of the population stability index: as many as credit scoring has
_LEAST = 1e-4  # share of a bin: an empty one would be infinitely far off


def is_labelled(labels: Int64) -> bool:
    """Whether an anomaly is known among the labels, and an example that is none."""
    return bool((labels == 1).any() and (labels == 0).any())


def ranking(labels: Int64, scores: Float32) -> dict[str, float]:
    """Return how well `[N]` scores rank the known anomalies above the examples that are known to be none."""
    known = labels >= 0
    labels, scores = labels[known], scores[known]
    return {"average_precision": average_precision(labels, scores), "roc_auc": roc_auc(labels, scores)}


def decided(labels: Int64, outputs: Float32, decision: Mapping[str, Any]) -> dict[str, float]:
    """Return precision and recall of what is flagged among the examples whose label is known; not a number of none."""
    known = labels >= 0
    positive, flagged = labels[known] == 1, decide(outputs, decision)[known] == 1
    hits = int((positive & flagged).sum())
    shares = {"recall": int(positive.sum()), "precision": int(flagged.sum())}
    return {name: hits / count if count else float("nan") for name, count in shares.items()}


def alert_rate(labels: Int64, outputs: Float32, decision: Mapping[str, Any]) -> float:
    """Return the share of the examples that are flagged, among those not known to be anomalies."""
    ordinary = labels != 1
    return float(decide(outputs, decision)[ordinary].mean()) if ordinary.any() else float("nan")


def stability_index(scores: Float32, decision: Mapping[str, Any]) -> float:
    """Return the population stability index of the scores beside the validation split's, in tenths of the latter.

    0: they are spread alike. Above 0.25 they are said to have changed (Siddiqi 2006, "Credit Risk Scorecards").
    """
    tenth = np.minimum((ranks(scores, decision) * _BINS).astype(int), _BINS - 1)
    found = np.maximum(np.bincount(tenth, minlength=_BINS) / max(len(scores), 1), _LEAST)
    return float(((found - 1 / _BINS) * np.log(found * _BINS)).sum())

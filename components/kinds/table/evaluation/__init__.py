"""What a model of records is evaluated for: metrics beside a baseline's, slices, robustness, behaviour, leaks."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components.kinds.baseline import prefixed
from components.kinds.evaluation import Behaviour, Corruption, Leak, Mask
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.ranking import average_precision, roc_auc
from components.kinds.slices import class_slices, read_slices
from components.kinds.table.codec.input import Decision, Input
from components.kinds.table.evaluation.baseline import NAMES, baseline
from components.kinds.table.evaluation.behaviour import try_behaviours
from components.kinds.table.evaluation.corruption import corruptions_of
from components.kinds.table.evaluation.figures import calibration_figure, cost_figure, curve_figure, scores_figure
from components.kinds.table.evaluation.leak import find_leaks
from components.kinds.table.evaluation.metrics import (
    brier,
    credibility,
    decided,
    log_loss,
    misses_of,
    ranking,
)

if TYPE_CHECKING:
    from components.kinds.contract import Score
    from components.kinds.table.params import Train


def measure(
    data: PreparedData[Input], probabilities: NDArray[np.float32], decision: Decision, config: "Train"
) -> dict[str, float]:
    """Return the metrics of `metrics`, and those that need no threshold of the baseline, `baseline_` before them.

    Without labels the score is no probability, so nothing is said of its calibration.

    Args:
        data: the prepared data set.
        probabilities: `[N, 2]` of the test records.
        decision: `{"threshold": ...}`.
        config: the recipe.
    """
    labels, scores = np.asarray(data.labels("test")), probabilities[:, 1]
    other = _baseline(data.path, config)
    found, theirs = ranking(data, scores), ranking(data, other)
    if config.labels == "all":
        found |= credibility(labels, scores)
        theirs |= credibility(labels, other)
    found |= decided(labels, misses_of(data), scores, decision, config.false_alarm)
    return found | prefixed(theirs)


def measures(
    data: PreparedData[Input],
    probabilities: NDArray[np.float32],
    decision: Decision,
    config: "Train",
    indices: NDArray[np.int64],
) -> dict[str, float]:
    """Return the metrics on the test records at `indices`.

    Left out are the one of cards, which are no records, and the expected calibration error: records that are drawn
    twice make it larger. Not a number is a share of nothing: a recall where no record is positive, a precision where
    none is flagged.
    """
    labels, scores = data.labels("test")[indices], probabilities[indices, 1]
    found = {"average_precision": average_precision(labels, scores), "roc_auc": roc_auc(labels, scores)}
    if config.labels == "all":
        found |= {"log_loss": log_loss(labels, scores), "brier_score": brier(labels, scores)}
    found |= decided(labels, misses_of(data)[indices], scores, decision, config.false_alarm)
    of = {"recall": labels == 1, "precision": scores >= np.float32(decision["threshold"])}
    return found | {name: float("nan") for name, records in of.items() if not records.any()}


def figures(
    data: PreparedData[Input], probabilities: NDArray[np.float32], decision: Decision, config: "Train"
) -> dict[str, Figure]:
    """Return precision against recall, cost against alerts, and how well the scores are calibrated."""
    labels, scores = np.asarray(data.labels("test")), probabilities[:, 1]
    drawn = {
        "precision_recall": curve_figure(labels, scores, _baseline(data.path, config), NAMES[config.labels], decision),
        "cost": cost_figure(data, scores, decision, config.false_alarm),
        "scores": scores_figure(labels, scores, data.classes, decision),
    }
    if config.labels == "all":
        drawn["calibration"] = calibration_figure(labels, scores)
    return drawn


def accepts(input: Input, data: PreparedData[Input]) -> bool:
    """Return whether the features are those that a bundle with this description takes, and made in the same way."""
    return all(input[key] == data.input[key] for key in ("features", "definition"))


def correct(data: PreparedData[Input], probabilities: NDArray[np.float32], decision: Decision) -> None:
    """Return None: average precision is no share of records."""


def value(
    data: PreparedData[Input],
    probabilities: NDArray[np.float32],
    decision: Decision,
    config: "Train",
    indices: NDArray[np.int64],
) -> float:
    """Return the average precision on the test records at `indices`; not a number where none of them is positive."""
    return average_precision(data.labels("test")[indices], probabilities[indices, 1])


def slices(data: PreparedData[Input]) -> dict[str, Mask]:
    """Return the classes, and the values of the columns of `prepare.slices`."""
    return class_slices(data) | read_slices(data)


def slice_correct(
    data: PreparedData[Input], probabilities: NDArray[np.float32], decision: Decision, within: NDArray[Any]
) -> Mask | None:
    """Return which test records are decided rightly, `[N]`, of a slice of one class: their share is its recall.

    None where both classes are in it: then average precision judges it.
    """
    labels = np.asarray(data.labels("test"))
    if len(np.unique(labels[within])) > 1:
        return None
    decided_rightly: Mask = (probabilities[:, 1] >= np.float32(decision["threshold"])) == (labels == 1)
    return decided_rightly


def is_probabilistic(config: "Train") -> bool:
    """Return whether the answers are probabilities: not without labels."""
    return config.labels == "all"


def corruptions(data: PreparedData[Input], config: "Train") -> Mapping[str, Corruption]:
    """Return what may happen to a record before it is seen."""
    return corruptions_of(data.input)


def behaviours(data: PreparedData[Input], score: "Score", decision: Decision, config: "Train") -> list[Behaviour]:
    """Return how often the model does what any model of records should."""
    return try_behaviours(data, score, decision, labelled=config.labels == "all")


def leaks(data: PreparedData[Input], config: "Train") -> list[Leak]:
    """Return the training records that know of the evaluation."""
    return find_leaks(data)


@lru_cache(maxsize=1)
def _baseline(path: Path, config: "Train") -> NDArray[np.float64]:
    """Return the baseline's scores of the data set at `path`, trained once for the measures and the figures."""
    return baseline(open_prepared(path), config)

"""What a model of records is measured by, with a baseline beside it, and the figures worth looking at."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components.kinds.baseline import beside
from components.kinds.prepared import PreparedData, open_prepared
from components.kinds.table.exam.baseline import NAMES, baseline
from components.kinds.table.exam.figures import calibration_figure, cost_figure, curve_figure, scores_figure
from components.kinds.table.exam.metrics import decided, log_loss, ranking

if TYPE_CHECKING:
    from components.kinds.table.params import Train


def measure(
    data: PreparedData, probabilities: NDArray[np.float32], decision: Mapping[str, float], config: "Train"
) -> dict[str, float]:
    """Return the metrics of `metrics`, and those that need no threshold of the baseline, `baseline_` before them.

    Without labels the score is no probability, so it has no log loss.

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
        found["log_loss"], theirs["log_loss"] = log_loss(labels, scores), log_loss(labels, other)
    found |= decided(data, scores, decision, config.false_alarm)
    return found | beside(theirs)


def figures(
    data: PreparedData, probabilities: NDArray[np.float32], decision: Mapping[str, float], config: "Train"
) -> dict[str, Figure]:
    """Return precision against recall, cost against alerts, and whether the scores can be believed."""
    labels, scores = np.asarray(data.labels("test")), probabilities[:, 1]
    drawn = {
        "precision_recall": curve_figure(labels, scores, _baseline(data.path, config), NAMES[config.labels], decision),
        "cost": cost_figure(data, scores, decision, config.false_alarm),
        "scores": scores_figure(labels, scores, data.classes, decision),
    }
    if config.labels == "all":
        drawn["calibration"] = calibration_figure(labels, scores)
    return drawn


@lru_cache(maxsize=1)
def _baseline(path: Path, config: "Train") -> NDArray[np.float64]:
    """Return the baseline's scores of the data set at `path`, taught once for the measures and the figures."""
    return baseline(open_prepared(path), config)

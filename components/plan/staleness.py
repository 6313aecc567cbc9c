"""What an older model loses: trainings on spans of equal length that end ever earlier, examined on the same days.

    state/plan/<workload>/staleness/<key>/<examples left out>.json

Of a training split that is a span of time, half is learned from: its latest half, and halves that end before it. What
is examined is the validation split, which comes after all of them. How many days a span ends before the split does is
told by how many examples come after it, of so many a day.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t

from components import catalogue
from components.config.errors import ConfigError
from components.internals.lightning import quiet
from components.kinds.prepared import PreparedData
from components.kinds.resplit import resplit
from components.plan.predicted import Predicted
from components.plan.trained import key, trained
from components.system.files import read_json, write_json

if TYPE_CHECKING:
    from components.config.params import Workload

ENDS = 5
"""Spans that are trained on."""
_FEWEST = 40  # examples of a span
_OUTSIDE = 0.05

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Aged:
    """What a training on older data has reached."""

    days: float
    """That its data end before the training split does."""
    reached: float
    """The metric that decides."""
    cpu: float
    """CPU seconds of the training."""


def staleness(name: str, workload: "Workload", data: PreparedData, folder: Path) -> list[Aged]:
    """Return a point for each span, the latest first; those that were trained before are read.

    Raises:
        ConfigError: the training split is no span of time, or too short.
    """
    days, count = catalogue.overview(data.kind).overview(data).train_days, data.counts["train"]
    if days is None:
        raise ConfigError(f"--staleness: the training split of {name} is no span of time: leave it out")
    if count // 2 < _FEWEST:
        raise ConfigError(f"--staleness: {count:,} training examples of {name} are too few to learn from their halves")
    quiet()
    kept = folder / key(name, workload, data)
    points = []
    for left in np.linspace(0, count - count // 2, ENDS).astype(int).tolist():
        path = kept / f"{left}.json"
        if not path.exists():
            logger.info("%s, %.1f days older", name, left * days / count)
            found = trained(ending(data, left), workload)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, asdict(Aged(left * days / count, found.reached, found.cpu)))
        points.append(Aged(**read_json(path)))
    return points


def ending(data: PreparedData, left: int) -> PreparedData:
    """Return the data set with half of its training examples, after which `left` follow that are left out."""
    train, validation = data.counts["train"], data.counts["validation"]
    held = np.arange(train, train + validation)
    half = np.arange(train - left - train // 2, train - left)
    return resplit(data, {"train": half, "validation": held, "test": held})


def lost_a_day(points: Sequence[Aged]) -> Predicted:
    """Return by how much the metric falls with a day, by least squares, and where nine of ten such slopes lie.

    The interval is that of a regression's slope with normal errors, by Student's t of two fewer than there are points.
    """
    x, y = np.array([point.days for point in points]), np.array([point.reached for point in points])
    from_mean, freedom = x - x.mean(), len(points) - 2
    slope = float(from_mean @ y / (from_mean @ from_mean))
    spread = float(np.sum((y - y.mean() - slope * from_mean) ** 2)) / freedom
    half = float(t.ppf(1 - _OUTSIDE, freedom) * np.sqrt(spread / (from_mean @ from_mean)))
    return Predicted(-slope, -slope - half, -slope + half)

"""What the recipe reaches with parts of the training data: a few trainings, each kept as soon as it is done.

    state/plan/<workload>/curve/<key>/<examples>-<seed>.json

A part is drawn from the training split, as many of each class as it has there; the examination is on the validation
split, so that the test split stays what nobody has chosen by. The key is that of a checkpoint: all that a training
depends on.
"""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from components import catalogue
from components.config.errors import ConfigError
from components.internals.lightning import quiet
from components.kinds.prepared import PreparedData
from components.kinds.resplit import Int64, resplit
from components.plan.power_law import Point
from components.plan.trained import key, trained, work_of
from components.system.files import read_json, write_json

if TYPE_CHECKING:
    from components.config.params import Workload

PARTS = (0.125, 0.25, 0.5, 1.0)
"""Of the training split."""
_FEWEST = 20  # examples of a part

logger = logging.getLogger(__name__)


def learning_curve(name: str, workload: "Workload", data: PreparedData, folder: Path) -> tuple[str, list[Point]]:
    """Return the metric that decides, and a point for each part; those that were trained before are read.

    The error is what the metric lacks of 1. Of a metric that is no share of right answers it is not known how far it
    would be from another examination of as many examples: as far as if those of the rarest class were counted.

    Raises:
        ConfigError: the metric is a loss or a cost, which no law of a part of 1 is fitted to.
    """
    evaluation = catalogue.evaluation(data.kind, data.task)
    metric = evaluation.metric(data, workload.train)
    if evaluation.lower_is_better(metric):
        raise ConfigError(
            f"--learn-curve: {name} is judged by {metric}, which is no share of what is right: leave it out"
        )
    quiet()
    kept = folder / key(name, workload, data)
    points = []
    for part in PARTS:
        if (count := round(part * data.counts["train"])) < _FEWEST:
            continue
        path = kept / f"{count}-0.json"
        if not path.exists():
            logger.info("%s with %s of %s examples", name, f"{count:,}", f"{data.counts['train']:,}")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(path, asdict(_trained(part_of(data, count), workload)))
        points.append(Point(**read_json(path)))
    return metric, points


def part_of(data: PreparedData, count: int, seed: int = 0) -> PreparedData:
    """Return the data set with `count` of its training examples, as many of each class as there are in it."""
    train, validation = data.counts["train"], data.counts["validation"]
    return resplit(
        data,
        {
            "train": _drawn(np.asarray(data.labels("train")), count, seed),
            "validation": np.arange(train, train + validation),
            "test": np.arange(train, train + validation),  # what is examined
        },
    )


def _drawn(labels: "np.typing.NDArray[np.generic]", count: int, seed: int) -> Int64:
    order = np.random.default_rng(seed).permutation(len(labels))
    if labels.dtype.kind == "f":
        return np.sort(order[:count])
    # the rank of each example within its class, as a part of it: the least ranks are as many of each class as there are
    rank = np.zeros(len(labels))
    for label in np.unique(labels):
        members = order[labels[order] == label]
        rank[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.sort(np.lexsort((order, rank))[:count])


def _trained(data: PreparedData, workload: "Workload") -> Point:
    found = trained(data, workload)
    count = data.counts["train"]
    work, twice = (work_of(workload, examples) for examples in (count, 2 * count))
    return Point(count, 1.0 - found.reached, found.examined, found.cpu, work=work, twice=twice)

"""Which models are trained, and which of them serves: `train.model` of a kind that has trees beside its network."""

import logging
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from components.internals.lightning import process_rank
from components.kinds.prepared import known
from components.training.altered import altered
from components.training.loop import TrainingResult, fit
from components.training.restore import NETWORK, TREES, asked_model, restored
from components.training.temperature import raw

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

    from components.config.params import Training
    from components.kinds.prepared import PreparedData
    from components.tasks.learner import TaskLearner

logger = logging.getLogger(__name__)

_POINTS = 50
"""Of the curve of trees, at most: a point costs the tracking store a write."""


def train_models(
    learner: "TaskLearner",
    data: "PreparedData",
    config: "Training",
    log_to: "Sequence[Logger]" = (),
    checkpoint: Path | None = None,
) -> TrainingResult:
    """Train what `train.model` asks for; of several models return the one that is better on the validation split.

    The arguments and errors are those of `fit`. Trees are fitted by the first process alone, in one go.
    """
    if asked_model(config) == NETWORK:
        return fit(learner, data, config, log_to, checkpoint)
    if asked_model(config) == TREES:
        return _fit_trees(learner, data, config, log_to)
    network = fit(learner, data, config, log_to, checkpoint)
    return network if process_rank() else _better(learner, data, config, network, log_to)


def _fit_trees(
    learner: "TaskLearner", data: "PreparedData", config: "Training", log_to: "Sequence[Logger]" = ()
) -> TrainingResult:
    if process_rank():
        return TrainingResult({}, [], TREES)
    weights, losses = learner.fit_trees(data, altered(config, model=TREES))
    score, loss = _validated(learner, data, config, weights)
    last = {"epoch": len(losses), "step": len(losses), "validation_loss": loss, learner.monitor(data, config): score}
    every = ceil(len(losses) / _POINTS) or 1
    curve = [{"epoch": n, "step": n, "validation_loss": losses[n - 1]} for n in range(every, len(losses), every)]
    curve.append(last)
    for point in curve:
        _log(
            log_to, {name: value for name, value in point.items() if name not in ("epoch", "step")}, int(point["step"])
        )
    return TrainingResult(weights, curve, TREES)


def _better(
    learner: "TaskLearner",
    data: "PreparedData",
    config: "Training",
    network: TrainingResult,
    log_to: "Sequence[Logger]",
) -> TrainingResult:
    """Return the network or trees: what the task watches decides, of equals the loss; both are told."""
    trees = _fit_trees(learner, data, config)
    scores = {result.model: _validated(learner, data, config, result.weights) for result in (network, trees)}
    (before, loss), (after, other) = scores[NETWORK], scores[TREES]
    better = trees if (after, -other) > (before, -loss) else network
    monitor = learner.monitor(data, config)
    found = {f"{name}_{monitor}": score for name, (score, _) in scores.items()}
    _log(log_to, found, int(network.curve[-1]["step"]))
    logger.info("%s serves: %s of the network %.4f, of trees %.4f", better.model, monitor, before, after)
    return TrainingResult(better.weights, [*better.curve[:-1], {**better.curve[-1], **found}], better.model)


def _validated(
    learner: "TaskLearner", data: "PreparedData", config: "Training", weights: Mapping[str, Tensor]
) -> tuple[float, float]:
    """Return what the task watches of the validation split, and the loss."""
    objective, labels = learner.objective(data, config), np.asarray(data.labels("validation"))
    there = np.flatnonzero(known(labels))
    module = restored(learner, data, config, weights)
    numbers = torch.from_numpy(raw(learner, module, data.inputs("validation")[there]))
    labels = labels[there]
    score = objective.monitored(objective.outputs(numbers).numpy(), labels)
    return score, float(objective.loss(numbers, torch.from_numpy(labels)))


def _log(log_to: "Sequence[Logger]", found: Mapping[str, float], step: int) -> None:
    for logs in log_to:
        logs.log_metrics(dict(found), step)

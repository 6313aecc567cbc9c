"""Which models are trained, and which of them serves: `train.model` of a kind that has trees beside its network."""

import logging
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from components.config.errors import ConfigError
from components.internals.lightning import process_rank
from components.kinds.prepared import known
from components.training.altered import altered
from components.training.loop import fit
from components.training.restore import NETWORK, TREES, asked_model, restored
from components.training.result import TrainingResult
from components.training.temperature import raw

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

    from components.config.params import Training
    from components.kinds.contract import SupervisedObjective
    from components.kinds.deciding import Deciding
    from components.kinds.prepared import PreparedData
    from components.tasks.learner import TaskLearner

logger = logging.getLogger(__name__)

_POINTS = 50
"""Of the curve of trees, at most: a point costs the tracking store a write."""


def check_model(learner: "TaskLearner", data: "PreparedData", config: "Training") -> None:
    """Check that the task has the model that `train.model` asks for.

    Raises:
        ConfigError: trees are asked for, which learn from labels, and nothing is learned from these.
        DataError: nothing can be learned from the labels of the training split.
    """
    if not learner.objective(data, config).supervised and asked_model(config) != NETWORK:
        raise ConfigError(
            f"train.model: {asked_model(config)} learns from labels, and task: {data.task} from none; leave it out"
        )


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
    found = _validated(learner, data, config, weights)
    last = {"epoch": len(losses), "step": len(losses), "validation_loss": found.loss, found.monitor: found.monitored}
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
    """Return the network or trees: the metric that decides chooses, of equals the loss; both are told."""
    trees = _fit_trees(learner, data, config)
    scores = {result.model: _validated(learner, data, config, result.weights) for result in (network, trees)}
    better = trees if scores[TREES].merit > scores[NETWORK].merit else network
    metric, before, after = scores[NETWORK].deciding.metric, *(score.deciding.value for score in scores.values())
    found = {f"{name}_validation_{metric}": score.deciding.value for name, score in scores.items()}
    _log(log_to, found, int(network.curve[-1]["step"]))
    told = "%s serves: %s of the network %.5g, of trees %.5g on the validation split"
    logger.info(told, better.model, metric, before, after)
    return TrainingResult(better.weights, [*better.curve[:-1], {**better.curve[-1], **found}], better.model)


class _Validated(NamedTuple):
    """What a model reaches on the validation split."""

    monitor: str
    monitored: float
    """What the task watches while a network learns."""
    deciding: "Deciding"
    loss: float

    @property
    def merit(self) -> tuple[float, float]:
        """What is compared; higher is better."""
        return self.deciding.merit, -self.loss


def _validated(
    learner: "TaskLearner", data: "PreparedData", config: "Training", weights: Mapping[str, Tensor]
) -> _Validated:
    objective = cast("SupervisedObjective", learner.objective(data, config))
    labels, costs = np.asarray(data.labels("validation")), learner.costs(data, "validation")
    there = np.flatnonzero(known(labels))
    module = restored(learner, data, config, weights)
    numbers = torch.from_numpy(raw(learner, module, data.inputs("validation")[there]))
    labels, costs = labels[there], None if costs is None else costs[there]
    outputs = objective.outputs(numbers).numpy()
    deciding = objective.deciding(outputs, labels, costs)
    loss = float(objective.loss(numbers, torch.from_numpy(labels)))
    return _Validated(objective.MONITOR, objective.monitored(outputs, labels), deciding, loss)


def _log(log_to: "Sequence[Logger]", found: Mapping[str, float], step: int) -> None:
    for logs in log_to:
        logs.log_metrics(dict(found), step)

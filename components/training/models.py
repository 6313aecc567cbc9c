"""Which models are trained, and which of them serves.

`train.model` of a kind that has trees, or another model that is fitted in one go, beside its network says it; where
examples without labels may be learned from, a model that does stands beside one that does not.
"""

import logging
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from components.internals.lightning import process_rank
from components.training.altered import altered
from components.training.loop import fit
from components.training.restore import JOINT, NETWORK, asked_model, fitted_model
from components.training.result import TrainingResult
from components.training.unlabelled import fit_both
from components.training.unlabelled_plan import learns_unlabelled
from components.training.validated import Validated, validated

if TYPE_CHECKING:
    from lightning.pytorch.callbacks import Callback
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
    callbacks: "Sequence[Callback]" = (),
) -> TrainingResult:
    """Train what `train.model` asks for; of several models return the one that is better on the validation split.

    The arguments and errors are those of `fit`; `callbacks` look on where a network learns from labels
    alone. What is fitted in one go is fitted by the first process alone.
    """
    if learns_unlabelled(data, config):
        return fit_both(learner, data, config, log_to, checkpoint)
    if asked_model(config) == NETWORK:
        return fit(learner, data, config, log_to, checkpoint, callbacks)
    if asked_model(config) == fitted_model(config):
        return _fit_whole(learner, data, config, log_to)
    network = fit(learner, data, config, log_to, checkpoint, callbacks)
    return network if process_rank() else _better(learner, data, config, network, log_to)


def _fit_whole(
    learner: "TaskLearner", data: "PreparedData", config: "Training", log_to: "Sequence[Logger]" = ()
) -> TrainingResult:
    if process_rank():
        return TrainingResult({}, [], fitted_model(config))
    weights, losses = learner.fit_whole(data, altered(config, model=fitted_model(config)))
    found = validated(learner, data, config, weights)
    last = {"epoch": len(losses), "step": len(losses), **found.told}
    every = ceil(len(losses) / _POINTS) or 1
    curve = [{"epoch": n, "step": n, "validation_loss": losses[n - 1]} for n in range(every, len(losses), every)]
    curve.append(last)
    for point in curve:
        _log(
            log_to, {name: value for name, value in point.items() if name not in ("epoch", "step")}, int(point["step"])
        )
    return TrainingResult(weights, curve, fitted_model(config))


def _better(
    learner: "TaskLearner",
    data: "PreparedData",
    config: "Training",
    network: TrainingResult,
    log_to: "Sequence[Logger]",
) -> TrainingResult:
    """Return the model that serves, whose curve tells what each has reached.

    Of models that learned from labels the metric that decides chooses, of equals the loss, of these the network. Of
    others labels choose as well, where the validation split has both classes: the network, the trees, or both together;
    of equals both together, and so do they where no label tells.
    """
    results = [network, _fit_whole(learner, data, config)]
    if not learner.objective(data, config).supervised:
        results.insert(0, _joined(learner, data, config, *results))
    scores = {result.model: validated(learner, data, config, result.weights) for result in results}
    better = max(results, key=lambda result: scores[result.model].merit)
    found = {
        f"{name}_validation_{score.deciding.metric}": score.deciding.value
        for name, score in scores.items()
        if score.deciding
    }
    _log(log_to, found, int(network.curve[-1]["step"]))
    _tell(better, scores)
    return TrainingResult(better.weights, [*better.curve[:-1], {**better.curve[-1], **found}], better.model)


def _joined(
    learner: "TaskLearner", data: "PreparedData", config: "Training", network: TrainingResult, trees: TrainingResult
) -> TrainingResult:
    weights = learner.join(data, altered(config, model=JOINT), network.weights, trees.weights)
    told = validated(learner, data, config, weights).told
    return TrainingResult(weights, [*network.curve[:-1], {**network.curve[-1], **told}], JOINT)


def _tell(better: TrainingResult, scores: "Mapping[str, Validated]") -> None:
    reached = [f"{name} {score.deciding.value:.5g}" for name, score in scores.items() if score.deciding]
    if (decided := scores[better.model].deciding) is None:
        logger.info("%s serves: no label of the validation split tells which model is better", better.model)
        return
    logger.info("%s serves: %s on the validation split: %s", better.model, decided.metric, ", ".join(reached))


def _log(log_to: "Sequence[Logger]", found: Mapping[str, float], step: int) -> None:
    for logs in log_to:
        logs.log_metrics(dict(found), step)

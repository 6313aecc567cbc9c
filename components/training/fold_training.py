"""The trainings of a cross-validation, one for each fold: of each example the answer of a model that never saw it.

    state/folds/<workload>/<key>/<fold>.json     what a fold has left, until the stage has come to its end

A fold is trained as the model that serves is (`train.model` chooses anew in each), by one process; its temperature and
what it decides by are found on its own validation split. The key is that of a checkpoint: all that a training depends
on.
"""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from components import catalogue
from components.config.errors import DataError
from components.config.settings import STATE
from components.internals.lightning import quiet
from components.kinds.prepared import PreparedData
from components.system.files import read_json, write_json
from components.tasks.evaluation import TaskEvaluation
from components.tasks.learner import TaskLearner
from components.tasks.out_of_fold import OutOfFold, cross_validated, identities, pooled
from components.training.altered import altered
from components.training.checkpoints import key_of
from components.training.folds import make_folds
from components.training.formatting import listed
from components.training.models import train_models
from components.training.restore import restored
from components.training.temperature import raw, temperature_and_decision

if TYPE_CHECKING:
    from components.config.params import Training, Workload

logger = logging.getLogger(__name__)

_FOLDER = STATE / "folds"
_SAID = ("components.training.loop", "components.training.temperature", "components.tasks")


def train_folds(
    name: str, workload: "Workload", data: PreparedData, count: int
) -> tuple[dict[str, float], dict[str, Any]] | None:
    """Return the metrics, and the answers as JSON; None where a fold cannot be learned from, which is said."""
    quiet()
    learner, evaluation = catalogue.learner(data.kind, data.task), catalogue.evaluation(data.kind, data.task)
    config = altered(workload.train, devices=1, nodes=1, strategy="auto")
    folds = make_folds(data, count)
    if (reason := _unlearnable(learner, folds, config)) is not None:
        logger.warning("not cross-validated: %s", reason)
        return None
    kept = _kept(name, data, {"kind": data.kind, "train": config.model_dump(mode="json"), "folds": count})
    for number, fold in enumerate(folds):
        if (path := kept / f"{number}.json").exists():
            continue
        logger.info("fold %d of %d: %s", number + 1, len(folds), listed(fold.counts))
        with _without_what_was_said():
            answered = _answered(learner, evaluation, fold, config)
        write_json(path, answered)
    found = _joined(data, folds, [read_json(kept / f"{number}.json") for number in range(len(folds))])
    answers = pooled(found, data)
    metrics = cross_validated(answers, evaluation, workload.train)
    metrics = {"folds": float(len(folds)), "examples": float(len(answers.folds)), **metrics}
    logger.info("cross-validated %s: %s", name, listed(metrics))
    shutil.rmtree(_FOLDER / name)
    return metrics, found.to_json()


def _unlearnable(learner: TaskLearner, folds: list[PreparedData], config: "Training") -> str | None:
    """Return why there is nothing to learn in one of the folds, if so."""
    for number, fold in enumerate(folds):
        try:
            learner.objective(fold, config)
        except DataError as error:
            return f"without the examples of fold {number + 1} of {len(folds)} {error}"
    return None


def _kept(name: str, data: PreparedData, params: dict[str, Any]) -> Path:
    """Return where the folds of this very cross-validation are kept, after clearing away those of others."""
    folder = _FOLDER / name / key_of(name, data, params)
    for path in (_FOLDER / name).glob("*"):
        if path != folder:
            shutil.rmtree(path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _without_what_was_said() -> Iterator[None]:
    """Leave out what the training that serves has said: how this machine is used, how few examples there are."""
    loggers = [logging.getLogger(name) for name in _SAID]
    before = [said.level for said in loggers]
    for said in loggers:
        said.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for said, level in zip(loggers, before, strict=True):
            said.setLevel(level)


def _answered(
    learner: TaskLearner, evaluation: TaskEvaluation, fold: PreparedData, config: "Training"
) -> dict[str, Any]:
    """Train on a fold, and return what its test split is answered, by the model and by the baseline."""
    fitted = config.fitted(fold.counts["train"])
    module = restored(learner, fold, fitted, train_models(learner, fold, fitted).weights)
    temperature, decision = temperature_and_decision(learner, module, fold, fitted)
    numbers = torch.from_numpy(raw(learner, module, fold.inputs("test")))
    outputs = learner.objective(fold, fitted).outputs(numbers, temperature)
    baseline = evaluation.baseline(fold, config)
    return {"outputs": outputs.tolist(), "baseline": baseline.tolist(), "decision": decision}


def _joined(data: PreparedData, folds: list[PreparedData], left: list[dict[str, Any]]) -> OutOfFold:
    counts = [fold.counts["test"] for fold in folds]
    inputs = [np.asarray(fold.inputs("test")) for fold in folds]
    return OutOfFold(
        classes=data.classes,
        identities=np.concatenate([identities(examples) for examples in inputs]),
        folds=np.repeat(np.arange(len(folds)), counts),
        outputs=np.concatenate([np.array(fold["outputs"], dtype=np.float32) for fold in left]),
        baseline=np.concatenate([np.array(fold["baseline"], dtype=np.float32) for fold in left]),
        decisions=[fold["decision"] for fold in left],
        validated=min(fold.counts["validation"] for fold in folds),
    )

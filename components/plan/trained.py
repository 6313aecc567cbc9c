"""One training for the plan, on some of the training data, and what it reaches on what was held out."""

import time
from dataclasses import dataclass
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING

import numpy as np
import torch

from components import catalogue
from components.kinds.prepared import PreparedData
from components.training.altered import altered
from components.training.checkpoints import key_of
from components.training.models import train_models
from components.training.restore import restored
from components.training.temperature import raw, temperature_and_decision

if TYPE_CHECKING:
    from components.config.params import Training, Workload


@dataclass(frozen=True)
class Trained:
    """What a training came to."""

    reached: float
    """The metric that decides, on what the data set calls its test split."""
    examined: int
    """How many examples that is. Of a metric that is no share of right answers, those of the rarest class."""
    cpu: float
    """Seconds of CPU."""


def key(name: str, workload: "Workload", data: PreparedData) -> str:
    """Return the hash of all that `trained` depends on: what is kept by it is not trained again."""
    catalogue.learner(data.kind, data.task)  # the hash is of the code that is loaded: all of it is
    catalogue.evaluation(data.kind, data.task)
    _load(catalogue.package("kind", data.kind))
    _load(catalogue.package("task", catalogue.task(data.kind, data.task)))
    train = _on_one_device(workload.train).model_dump(mode="json")
    return key_of(name, data, {"kind": data.kind, "train": train})


def _load(package: str) -> None:
    """Import all modules of a package."""
    for module in walk_packages(import_module(package).__path__, f"{package}."):
        if not module.name.endswith(".conformance"):  # which mypy alone reads
            import_module(module.name)


def _on_one_device(config: "Training") -> "Training":
    """Return the section `train` for a training in this process alone."""
    return altered(config, devices=1, nodes=1, strategy="auto")


def work_of(workload: "Workload", examples: int) -> float:
    """Return how many examples a training on so many computes, each as often as it does, unless it ends early."""
    config = workload.train.fitted(examples)
    if getattr(config, "model", "") == config.FITTED:
        return float(examples)
    return float(config.epochs * config.steps_an_epoch(examples) * config.batch_size)


def trained(data: PreparedData, workload: "Workload") -> Trained:
    """Train on the train split, choose by the validation split, and examine on the test split of a view of the data."""
    learner, evaluation = catalogue.learner(data.kind, data.task), catalogue.evaluation(data.kind, data.task)
    config = _on_one_device(workload.train).fitted(data.counts["train"])
    began = time.process_time()
    module = restored(learner, data, config, train_models(learner, data, config).weights)
    cpu = time.process_time() - began
    temperature, decision = temperature_and_decision(learner, module, data, config)
    numbers = torch.from_numpy(raw(learner, module, data.inputs("test")))
    outputs = learner.objective(data, config).outputs(numbers, temperature).numpy()
    reached = evaluation.measure(data, outputs, decision, workload.train)[evaluation.metric(data, workload.train)]
    examined = data.counts["test"]
    if evaluation.correct(data, outputs, decision, workload.train) is None:
        examined = int(np.unique(np.asarray(data.labels("test")), return_counts=True)[1].min())
    return Trained(reached, examined, cpu)

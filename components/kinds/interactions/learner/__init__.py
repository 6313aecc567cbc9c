"""How suggestions are learned: a network by Lightning, and EASE in one go. The network needs torch and numpy alone."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from components.kinds.batches import AllBatches, TrainingBatches
from components.kinds.interactions.learner import ease
from components.kinds.interactions.learner.batches import WeighedBatches, example_weights
from components.kinds.interactions.learner.ease import EaseModule
from components.kinds.interactions.learner.vectors import VectorModule, Vectors
from components.kinds.plain import costs as costs
from components.kinds.plain import leaves_out as leaves_out
from components.kinds.serving import Serving

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.interactions.codec.input import Input
    from components.kinds.interactions.params import Train
    from components.kinds.prepared import PreparedData

Module = VectorModule | EaseModule

_BATCH = 250
_EASE, _NETWORK = "ease", "network"


def module(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> Module:
    """Return a module with fresh weights, which depend on the training split and torch's global seed alone."""
    if config.model == _EASE:
        return EaseModule(data.input, objective)
    taken = np.bincount(data.labels("train"), minlength=data.input["items"]).astype(np.float32)
    popularity = torch.from_numpy(np.log(np.maximum(taken, 0.5) / taken.mean()))
    return VectorModule(Vectors(data.input, config.width, popularity), data.input, config, objective)


def loaders(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> tuple[TrainingBatches, AllBatches]:
    """Return the batches of training and validation."""
    inputs, labels = data.inputs("train"), data.labels("train")
    training = TrainingBatches(inputs, labels, config.batch_size, config.seed)
    if data.has("train", "propensity"):
        weights = example_weights(data.array("train", "propensity"), config.clip)
        training = WeighedBatches(inputs, labels, config.batch_size, config.seed, weights)
    return training, AllBatches(data.inputs("validation"), data.labels("validation"), _BATCH)


def fit_whole(
    data: "PreparedData[Input]", config: "Train", objective: "Objective"
) -> tuple[dict[str, Tensor], list[float]]:
    """Return the numbers of EASE, which has no rounds."""
    made = EaseModule(data.input, objective)
    ease.fit(made, data, config)
    return made.state_dict(), []


def model_of(weights: Mapping[str, Tensor]) -> str:
    """Return which model the weights are of."""
    return _EASE if any(name.startswith("model.scorer.") for name in weights) else _NETWORK


def serving(module: Module, temperature: float = 1.0) -> nn.Module:
    """Return the serving module, in evaluation mode."""
    return Serving(module.ranker(), module.objective, temperature).eval()


def raw(module: Module, inputs: Tensor) -> Tensor:
    """Return the ranking of each list."""
    module.eval()
    return module.raw(inputs)

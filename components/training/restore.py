"""The module of a training that has ended, from its weights, whichever model `train.model` asked for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from torch import Tensor

from components.training.altered import altered

if TYPE_CHECKING:
    from components.config.params import Training
    from components.kinds.prepared import PreparedData
    from components.tasks.learner import TaskLearner

NETWORK, TREES, JOINT = "network", "trees", "joint"


def asked_model(config: "Training") -> str:
    """Return `train.model`; `network` where the kind has nothing else."""
    return str(getattr(config, "model", NETWORK))


def fitted_model(config: "Training") -> str:
    """Return what `train.model` calls the kind's model that is fitted in one go."""
    return str(getattr(config, "FITTED", TREES))


def restored(learner: "TaskLearner", data: "PreparedData", config: "Training", weights: Mapping[str, Tensor]) -> Any:
    """Return the module with the weights of a training, whichever model they are of."""
    if asked_model(config) != NETWORK:
        config = altered(config, model=learner.model_of(weights))
    module = learner.module(data, config)
    module.load_state_dict(weights)
    return module

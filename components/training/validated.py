"""What a model reaches on the validation split, by which one of several is chosen."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from components.kinds.prepared import known
from components.training.restore import restored
from components.training.temperature import raw

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from components.config.params import Training
    from components.kinds.deciding import Deciding
    from components.kinds.prepared import PreparedData
    from components.tasks.learner import TaskLearner


class Validated(NamedTuple):
    """What a model reaches on the validation split."""

    told: dict[str, float]
    """What the curve tells: what the task watches, and the loss if there is one."""
    deciding: "Deciding | None"
    loss: float
    outputs: "NDArray[np.float32]"
    """`[N, K]`, of the examples whose label is known, or of all where no label is learned from."""
    labels: "NDArray[Any]"
    """`[N]`."""

    @property
    def merit(self) -> tuple[float, float]:
        """What is compared; higher is better."""
        return 0.0 if self.deciding is None else self.deciding.merit, -self.loss


def validated(
    learner: "TaskLearner", data: "PreparedData", config: "Training", weights: Mapping[str, Tensor]
) -> Validated:
    """Return what the weights of a training reach."""
    objective = learner.objective(data, config)
    labels, costs = np.asarray(data.labels("validation")), learner.costs(data, "validation")
    there = np.flatnonzero(known(labels)) if objective.supervised else np.arange(len(labels))
    module = restored(learner, data, config, weights)
    numbers = torch.from_numpy(raw(learner, module, data.inputs("validation")[there]))
    labels, costs = labels[there], None if costs is None else costs[there]
    outputs = objective.outputs(numbers).numpy()
    loss = float(objective.loss(numbers, torch.from_numpy(labels)))
    told = {"validation_loss": loss} if objective.supervised else {}
    told[objective.MONITOR] = objective.monitored(outputs, labels)
    return Validated(told, objective.deciding(outputs, labels, costs), loss, outputs, labels)

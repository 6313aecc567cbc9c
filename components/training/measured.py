"""A module without parameters: it was measured when it was made, and is not trained."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from components.internals.lightning import process_rank
from components.training.result import TrainingResult
from components.training.temperature import raw

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

    from components.config.params import Training
    from components.kinds.prepared import PreparedData
    from components.tasks.learner import TaskLearner


def measured(
    learner: "TaskLearner", data: "PreparedData", config: "Training", module: Any, log_to: "Sequence[Logger]"
) -> TrainingResult:
    """Return the state of the module, and one point of a curve: what the objective watches of the validation split."""
    if process_rank():
        return TrainingResult({}, [])
    objective = learner.objective(data, config)
    outputs = objective.outputs(torch.from_numpy(raw(learner, module, data.inputs("validation")))).numpy()
    found = {objective.MONITOR: objective.monitored(outputs, np.asarray(data.labels("validation")))}
    for logs in log_to:
        logs.log_metrics(found, 0)
    weights = {name: value.cpu().contiguous() for name, value in module.state_dict().items()}
    return TrainingResult(weights, [{"epoch": 0, "step": 0, **found}])

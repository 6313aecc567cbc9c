"""What the validation split tells of a trained module: the temperature of its probabilities, and what decides best."""

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from components.kinds.prepared import PreparedData, known

if TYPE_CHECKING:
    from lightning import LightningModule

    from components.tasks.learner import TaskLearner

logger = logging.getLogger(__name__)

_BATCH = 500


def temperature_and_decision(
    learner: "TaskLearner", module: "LightningModule", data: PreparedData, config: Any
) -> tuple[float, dict[str, Any]]:
    """Return the temperature that the validation split asks for, and what is best to decide by at it.

    The temperature is 1.0 where the task has none, or too few labels are known.
    """
    objective = learner.objective(data, config)
    labels = np.asarray(data.labels("validation"))
    numbers = raw(learner, module, data.inputs("validation"))
    labelled = np.flatnonzero(known(labels))
    found = objective.temperature(numbers[labelled], labels[labelled])
    if found is not None:
        logger.info("temperature %.3f, found on %s validation examples", found, f"{len(labelled):,}")
    elif objective.calibrated:
        logger.warning("temperature 1: %d labelled validation examples are too few to find it by", len(labelled))
    temperature = 1.0 if found is None else found
    outputs = objective.outputs(torch.from_numpy(numbers), temperature).numpy()
    return temperature, objective.decision(outputs, labels, learner.costs(data, "validation"))


def raw(learner: "TaskLearner", module: "LightningModule", inputs: NDArray[Any]) -> NDArray[np.float32]:
    """Return the head's numbers `[N, width]` of the inputs `[N, ...]`."""
    found: list[NDArray[np.float32]] = []
    with torch.inference_mode():
        for start in range(0, max(len(inputs), 1), _BATCH):
            found.append(learner.raw(module, torch.from_numpy(np.array(inputs[start : start + _BATCH]))).numpy())
    return np.concatenate(found)

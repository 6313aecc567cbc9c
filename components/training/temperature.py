"""By what the logits of a trained module are divided, so that its probabilities mean what they say."""

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from components.kinds.calibration import can_fit_temperature, fit_temperature
from components.kinds.prepared import PreparedData

if TYPE_CHECKING:
    from lightning import LightningModule

    from components.kinds.contract import Learner

logger = logging.getLogger(__name__)

_BATCH = 500


def temperature(learner: "Learner", module: "LightningModule", data: PreparedData) -> float:
    """Return the temperature that the validation split asks for.

    1.0 where the module answers no probabilities, or too few labels are known.
    """
    known = np.flatnonzero(data.labels("validation") >= 0)
    labels = data.labels("validation")[known]
    logits = _logits(learner, module, data.inputs("validation"), known)
    if logits is None:
        return 1.0
    if not can_fit_temperature(labels):
        logger.warning("temperature 1: %d labelled validation examples are too few to find it by", len(labels))
        return 1.0
    found = fit_temperature(logits, labels)
    logger.info("temperature %.3f, found on %s validation examples", found, f"{len(labels):,}")
    return found


def _logits(
    learner: "Learner", module: "LightningModule", inputs: NDArray[Any], indices: NDArray[np.int64]
) -> NDArray[np.float32] | None:
    """Return `[N, classes]` of the inputs at `indices`; None: what the module answers is no probability."""
    found: list[NDArray[np.float32]] = []
    with torch.inference_mode():
        for start in range(0, max(len(indices), 1), _BATCH):
            logits = learner.logits(module, torch.from_numpy(inputs[indices[start : start + _BATCH]]))
            if logits is None:
                return None
            found.append(logits.numpy())
    return np.concatenate(found)

"""Out of memory: say so, and find out which batch would have fitted."""

import traceback
from typing import TYPE_CHECKING

import lightning
import torch
from lightning.fabric.plugins.environments import LightningEnvironment

from components.config.errors import TrainingError
from components.training.altered import altered
from components.training.hardware import HardwarePlan

if TYPE_CHECKING:
    from components.config.params import Training
    from components.kinds.prepared import PreparedData
    from components.tasks.learner import TaskLearner

_FULL = ("can't allocate memory", "could not create a primitive")
"""How torch and oneDNN say on a CPU that there is no memory left."""


def out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory could not be had, on a GPU or a CPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _FULL)


def fitting_batch(
    error: Exception, learner: "TaskLearner", data: "PreparedData", config: "Training", plan: HardwarePlan
) -> TrainingError:
    """Return what to raise for `error`, a training that ran out of memory: it names the largest batch that fits.

    Halves the batch until one step goes through. With several processes that cannot be tried: no batch is named.
    """
    traceback.clear_frames(error.__traceback__)  # which hold what did not fit
    told = f"out of memory with batches of {config.batch_size}"
    if plan.devices * config.nodes == 1:
        size = config.batch_size // 2
        while size and not _fits(learner, data, config, plan, size):
            size //= 2
        told += f"; {size} fit: set train.batch_size" if size else "; not even one example fits"
    return TrainingError(told)


def _fits(learner: "TaskLearner", data: "PreparedData", config: "Training", plan: HardwarePlan, size: int) -> bool:
    smaller = altered(config, batch_size=size)
    trainer = lightning.Trainer(
        accelerator=plan.accelerator,
        devices=1,
        precision=plan.precision,
        max_steps=1,
        limit_val_batches=0,
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        plugins=[LightningEnvironment()],  # it is alone, whatever started it
    )
    try:
        module = learner.module(data, smaller)
        trainer.fit(module, learner.loaders(data, smaller)[0])
    except Exception as error:
        if out_of_memory(error):
            return False
        raise
    return True

"""The training loop: needs torch, lightning and torchmetrics alone, so that it runs on a bare GPU machine."""

import gc
import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.strategies import DDPStrategy, ModelParallelStrategy, Strategy
from torch.distributed.fsdp import FSDPModule, fully_shard
from torchmetrics import Metric

from components.config.errors import ConfigError, ProcessLostError
from components.internals.lightning import NoProfiler
from components.training import hardware
from components.training.callbacks.callback_list import CallbackList
from components.training.callbacks.checkpointing import Checkpointing
from components.training.callbacks.early_stopping import EarlyStopping
from components.training.callbacks.health import FiniteLoss, UnchangedData
from components.training.callbacks.learning_curve import LearningCurve
from components.training.callbacks.process import Process
from components.training.callbacks.progress_bar import ProgressBar
from components.training.cluster import cluster_environment
from components.training.hardware import HardwarePlan
from components.training.measured import measured
from components.training.memory import fitting_batch, out_of_memory
from components.training.result import TrainingResult

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

    from components.config.params import Training
    from components.kinds.contract import Batches
    from components.kinds.prepared import PreparedData
    from components.tasks.learner import TaskLearner

logger = logging.getLogger(__name__)

LOG_EVERY = 100
"""Steps between two points of the learning curve: each costs the tracking store a write, ten milliseconds."""
_SILENCE = timedelta(minutes=10)
"""After which a process that hears nothing from the others gives up."""
_GONE = ("Connection closed by peer", "Connection reset by peer", "Broken pipe", "NCCL communicator was aborted")
"""What the backends of torch.distributed say when they hear no more of a process."""


def plan(data: "PreparedData", config: "Training") -> HardwarePlan:
    """Decide how this machine is used for the training."""
    return hardware.plan(config, ceil(data.counts["train"] / config.batch_size) * config.epochs)


def fit(
    learner: "TaskLearner",
    data: "PreparedData",
    config: "Training",
    log_to: "Sequence[Logger]" = (),
    checkpoint: Path | None = None,
    callbacks: Sequence[Callback] = (),
) -> TrainingResult:
    """Train the kind's module on the training split.

    Args:
        learner: of the kind and of the task.
        data: the prepared data set.
        config: the section `train` of the workload, or an object with its attributes.
        log_to: where the curve goes.
        checkpoint: the file that keeps the state of the training. Where there is one, the training goes on from it, and
            comes to the same weights, to the bit, as one that was never stopped. None: nothing is kept.
        callbacks: who else looks on; what one of them raises ends the training.

    Raises:
        TrainingError: the loss left the numbers, memory or disk are full, or another process is gone.
        Interrupted: it was asked to stop, and can go on.
        DataError: the data set changed under it.
        ConfigError: the parameters do not fit the hardware, or each other.
    """
    chosen = plan(data, config)
    hardware.make_repeatable(config.seed, chosen.threads)
    hardware.keep_memory()
    module = learner.module(data, config)
    if not any(True for _ in module.parameters()):
        return measured(learner, data, config, module, log_to)
    training, validation = learner.loaders(data, config)
    module = _placed(module, config, chosen)
    checkpointing = None if checkpoint is None else Checkpointing(checkpoint, config.checkpoint_every)
    monitor = learner.monitor(data, config)
    curve, stopping = LearningCurve(), EarlyStopping(monitor, config.patience)
    watching: list[Callback] = [FiniteLoss(checkpointing), UnchangedData(data), ProgressBar(monitor)]
    parts: list[Callback] = [Process(config.seed, chosen.threads, training, validation), curve, stopping, *watching]
    parts += [*([checkpointing] if checkpointing else []), *callbacks]
    trainer = _trainer(learner, config, chosen, training, parts, log_to)
    resumed = checkpoint if checkpoint is not None and checkpoint.exists() else None
    _tell(trainer, chosen, resumed)
    gc.freeze()  # what is there now stays: the collector need not look through it every few steps
    try:
        trainer.fit(module, training, validation, ckpt_path=resumed, weights_only=True)
    except Exception as error:
        if out_of_memory(error):
            raise fitting_batch(error, learner, data, config, chosen) from error
        if _lost_another(trainer, error):
            raise ProcessLostError("another process of this training is gone; see what it said") from error
        raise
    finally:
        gc.unfreeze()
    weights = stopping.weights or trainer.strategy.lightning_module_state_dict()
    return TrainingResult({name: value.cpu().contiguous() for name, value in weights.items()}, curve.points)


def _lost_another(trainer: lightning.Trainer, error: Exception) -> bool:
    """Whether the error says that another process of the training does not answer any more."""
    return trainer.world_size > 1 and any(words in str(error) for words in _GONE)


def _trainer(
    learner: "TaskLearner",
    config: "Training",
    chosen: HardwarePlan,
    training: "Batches",
    callbacks: list[Callback],
    log_to: "Sequence[Logger]",
) -> lightning.Trainer:
    processes = chosen.devices * config.nodes
    if config.batch_size % processes:
        raise ConfigError(f"train.batch_size: {config.batch_size} examples cannot be shared by {processes} processes")
    cluster = cluster_environment(chosen.devices, config.nodes)
    return lightning.Trainer(
        accelerator=chosen.accelerator,
        devices=chosen.devices,
        num_nodes=config.nodes,
        strategy=_strategy(learner, config, chosen),
        precision=chosen.precision,
        max_epochs=config.epochs,
        logger=list(log_to),
        log_every_n_steps=min(LOG_EVERY, len(training)),
        callbacks=[CallbackList(callbacks)],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        profiler=NoProfiler(),
        plugins=[cluster] if cluster else None,
    )


def _strategy(learner: "TaskLearner", config: "Training", chosen: HardwarePlan) -> Strategy | str:
    if config.strategy == "fsdp":
        size = chosen.devices * config.nodes
        return ModelParallelStrategy(size, 1, save_distributed_checkpoint=False, timeout=_SILENCE)
    if config.strategy == "ddp" or chosen.devices * config.nodes > 1:
        return DDPStrategy(find_unused_parameters=learner.leaves_out(config), timeout=_SILENCE)
    return "auto"


def _placed(module: lightning.LightningModule, config: "Training", chosen: HardwarePlan) -> lightning.LightningModule:
    """Lay the weights out in memory as they are used, and compile what computes."""
    if chosen.layout == "channels_last":
        module = module.to(memory_format=torch.channels_last)
    if chosen.compile:
        for part in module.children():
            if not isinstance(part, Metric):
                part.compile()
    if config.strategy == "fsdp":
        module.configure_model = partial(_share_out, module)  # called once the processes know of each other
    return module


def _share_out(module: lightning.LightningModule) -> None:
    """Have each process keep a part of every layer (FSDP2, Zhao et al. 2023, arXiv:2304.11277)."""
    for layer in reversed(list(module.modules())):  # what is inside first
        if any(True for _ in layer.parameters(recurse=False)) and not isinstance(layer, FSDPModule):
            fully_shard(layer, mesh=module.device_mesh["data_parallel"])


def _tell(trainer: lightning.Trainer, chosen: HardwarePlan, resumed: Path | None) -> None:
    if trainer.is_global_zero:
        logger.info("training with %s", chosen)
        if resumed:
            logger.info("going on from %s", resumed)

"""The training loop: needs torch, lightning and torchmetrics alone, so that it runs on a bare GPU machine."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lightning
from lightning.pytorch.callbacks import Callback, TQDMProgressBar

from components.training import hardware

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

    from components.config.params import Training
    from components.kinds.contract import Learner
    from components.kinds.prepared import PreparedData

logger = logging.getLogger(__name__)

LOG_EVERY = 50
"""Steps between two points of the learning curve: each point costs the tracking store a write."""


@dataclass(frozen=True)
class Taught:
    """What a training leaves."""

    module: lightning.LightningModule
    curve: list[dict[str, float]]
    """One point an epoch: `epoch`, `step` and what the module logged last."""
    device: str
    precision: str


def fit(learner: "Learner", data: "PreparedData", config: "Training", log_to: "Sequence[Logger]" = ()) -> Taught:
    """Teach the kind's module on the training split."""
    hardware.make_repeatable(config)
    module = learner.module(data, config)
    training, validation = learner.loaders(data, config)
    curve = _Curve()
    trainer = lightning.Trainer(
        accelerator=config.accelerator,
        devices=1,
        precision=hardware.precision(config),
        max_epochs=config.epochs,
        logger=list(log_to),
        log_every_n_steps=min(LOG_EVERY, len(training)),
        callbacks=[TQDMProgressBar(refresh_rate=LOG_EVERY), curve],
        enable_checkpointing=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    device = f"{trainer.num_devices} {trainer.strategy.root_device.type}"
    logger.info("training on %s, precision %s, %d threads", device, trainer.precision, config.threads)
    trainer.fit(module, training, validation)
    return Taught(module.cpu(), curve.points, device, str(trainer.precision))


class _Curve(Callback):
    def __init__(self) -> None:
        self.points: list[dict[str, float]] = []

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        logged = {name: float(value) for name, value in sorted(trainer.callback_metrics.items())}
        self.points.append({"epoch": trainer.current_epoch, "step": trainer.global_step, **logged})

"""Checkpoints: at most the last interval is lost, whatever ends the process."""

import logging
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback

from components.config.errors import Interrupted, TrainingError
from components.system.files import replace_file

logger = logging.getLogger(__name__)

_AGREE = 7
"""Steps between two questions to the other processes whether it is time to save: each costs a round trip."""

_AGAIN = 1.0
"""Seconds in which a signal that comes twice is one: a parent may pass it on, or end by it and have its end told."""


class Checkpointing(Callback):
    """Saves the whole state of a training every `interval` seconds, and when it is asked to stop.

    SIGINT and SIGTERM are heard between two steps: the state is saved, and `Interrupted` ends the training. A second
    SIGINT ends it at once.
    """

    def __init__(self, path: Path, interval: float) -> None:
        self.path, self.interval = path, interval
        self.step: int | None = None
        """The step that the last checkpoint stands at."""
        self._due = 0.0
        self._heard = 0.0
        self._before: dict[signal.Signals, Any] = {}

    def on_train_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Begin to listen, and to count the interval."""
        self.step = trainer.global_step if self.path.exists() else None
        self._due = time.monotonic() + self.interval
        self._before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        """Save if it is time to, but not at a step whose metrics are logged behind this, or that validation follows.

        A training that went on from there would leave them out.
        """
        if not trainer.is_last_batch and trainer.global_step % trainer.log_every_n_steps:
            self._save_if_due(trainer)

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Save if it is time to."""
        self._save_if_due(trainer, asked=True)

    def on_train_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Listen no more."""
        self._deafen()

    def on_exception(self, trainer: lightning.Trainer, pl_module: Any, exception: BaseException) -> None:
        """Listen no more."""
        self._deafen()

    def last(self) -> str:
        """Say where the last good checkpoint is."""
        return (
            "there is no checkpoint yet" if self.step is None else f"the last good one is {self.path}, step {self.step}"
        )

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._heard and number == signal.SIGINT and time.monotonic() - self._heard > _AGAIN:
            raise KeyboardInterrupt
        self._heard = self._heard or time.monotonic()

    def _save_if_due(self, trainer: lightning.Trainer, asked: bool = False) -> None:
        if trainer.world_size > 1 and not asked and trainer.global_step % _AGREE:
            return
        stop, due = self._heard > 0, time.monotonic() >= self._due
        if trainer.world_size > 1:
            stop, due = (trainer.strategy.reduce_boolean_decision(flag, all=False) for flag in (stop, due))
        if stop or due:
            self._save(trainer)
            self._due = time.monotonic() + self.interval
        if stop:
            raise Interrupted(
                f"stopped at step {trainer.global_step}, which is saved; the same command goes on from there"
            )

    def _save(self, trainer: lightning.Trainer) -> None:
        """Write the checkpoint beside its place and move it there; every process takes part."""
        if not _finite(trainer.lightning_module):
            raise TrainingError(f"the weights are no numbers any more at step {trainer.global_step}; {self.last()}")
        draft = self.path.with_name(f".{self.path.name}.draft")
        try:
            trainer.save_checkpoint(draft)
            if trainer.is_global_zero:
                replace_file(draft, self.path)
        except OSError as error:
            raise TrainingError(f"{draft}: {error.strerror} at step {trainer.global_step}; {self.last()}") from error
        self.step = trainer.global_step

    def _deafen(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}


def _finite(module: torch.nn.Module) -> bool:
    return all(bool(torch.isfinite(parameter).all()) for parameter in module.parameters())

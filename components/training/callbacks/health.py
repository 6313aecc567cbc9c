"""A training that has gone wrong is stopped: its loss left the numbers, or its data changed under it."""

import math
import time
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from components.config.errors import DataError, TrainingError
from components.kinds.prepared import PreparedData
from components.training.callbacks.checkpointing import Checkpointing

_EXPLODED = 100.0
"""Times the first loss, or 1 if that is less, from which a loss counts as exploded."""
_LOOK = 50
"""Steps between two looks on a GPU: each look waits for it. The offending step is named nevertheless."""

_LEARNED_FROM = ("train", "validation", "unlabelled")
_PAUSE = 1.0
"""Seconds between two looks at the files."""


class FiniteLoss(Callback):
    """Stops the training at the first step whose loss is not a number, or has exploded."""

    def __init__(self, saving: Checkpointing | None) -> None:
        self._saving = saving
        self._limit = math.inf
        self._first: Tensor | None = None

    def on_train_batch_end(self, trainer: lightning.Trainer, pl_module: Any, outputs: Any, *_: Any) -> None:
        """Look at the step's loss; on a GPU note it there, and look now and then."""
        loss = outputs["loss"].detach()
        if self._limit == math.inf:
            self._limit = _EXPLODED * max(1.0, float(loss.nan_to_num()))
        if loss.device.type == "cpu":
            self._judge(trainer, trainer.global_step, float(loss))
            return
        self._first = self._noted(trainer.global_step, loss)
        if trainer.global_step % _LOOK == 0 or trainer.is_last_batch:
            self._judge(trainer, *self._first.tolist())

    def state_dict(self) -> dict[str, Any]:
        """Return what a loss is held against."""
        return {"limit": self._limit}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Hold losses against the same."""
        self._limit = state_dict["limit"]

    def _noted(self, step: int, loss: Tensor) -> Tensor:
        """Return the first step whose loss is bad, and its loss; zeros if there is none."""
        first = torch.zeros(2, device=loss.device) if self._first is None else self._first
        bad = ~(loss <= self._limit) & (first[0] == 0)
        return torch.where(bad, torch.stack([torch.full_like(loss, step), loss]).float(), first)

    def _judge(self, trainer: lightning.Trainer, step: float, loss: float) -> None:
        if loss <= self._limit:
            return
        epoch = f"epoch {trainer.current_epoch + 1} of {trainer.max_epochs}"
        kept = "" if self._saving is None else f"; {self._saving.last()}"
        raise TrainingError(
            f"the loss is {loss:.4g} at step {step:.0f} ({epoch}): "
            f"lower train.learning_rate, or look for inputs that are no numbers{kept}"
        )


class UnchangedData(Callback):
    """Stops the training when a file of its data set is changed under it."""

    def __init__(self, data: PreparedData) -> None:
        paths = [path for of in _LEARNED_FROM for path in sorted(data.path.glob(f"{of}_*.*"))]
        self._files = {path: _stamp(path) for path in paths}
        self._next = 0.0

    def on_train_batch_start(self, *_: Any) -> None:
        """Look at the files, once in a while."""
        if time.monotonic() >= self._next:
            self._look()
            self._next = time.monotonic() + _PAUSE

    def on_train_epoch_end(self, *_: Any) -> None:
        """Look at the files: nothing is kept that was learned from others."""
        self._look()

    def _look(self) -> None:
        for path, stamp in self._files.items():
            if _stamp(path) != stamp:
                raise DataError(f"{path}: changed while it was learned from; run the same command again")


def _stamp(path: Path | str) -> tuple[int, int, int] | None:
    try:
        status = Path(path).stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns

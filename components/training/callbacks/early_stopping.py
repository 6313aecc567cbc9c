"""Early stopping: a training that gets no better ends, and leaves the weights of its best epoch."""

from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback
from torch import Tensor


class EarlyStopping(Callback):
    """Keeps the best epoch's weights, and stops after `patience` epochs that were no better. None: does nothing."""

    def __init__(self, monitor: str, patience: int | None) -> None:
        """Take what to watch.

        Args:
            monitor: a metric that the module logs every epoch; higher is better.
            patience: epochs.
        """
        self.monitor, self.patience = monitor, patience
        self.weights: dict[str, Tensor] = {}
        self._value = float("-inf")
        self._epoch = self._best = -1

    def on_train_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Stop at once if this is the resumption of a training that had stopped."""
        self._stop_if_no_better(trainer)

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Look at the epoch, once: a training that is resumed at an epoch's end ends it again."""
        if self.patience is None or trainer.current_epoch <= self._epoch:
            return
        self._epoch, value = trainer.current_epoch, float(trainer.callback_metrics[self.monitor])
        if value > self._value:
            self._value, self._best = value, self._epoch
            weights = trainer.strategy.lightning_module_state_dict()
            self.weights = {name: tensor.detach().cpu().clone() for name, tensor in weights.items()}
        self._stop_if_no_better(trainer)

    def state_dict(self) -> dict[str, Any]:
        """Return the best epoch so far."""
        return {"weights": self.weights, "value": self._value, "epoch": self._epoch, "best": self._best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Hold epochs against this one."""
        self.weights, self._value = state_dict["weights"], state_dict["value"]
        self._epoch, self._best = state_dict["epoch"], state_dict["best"]

    def _stop_if_no_better(self, trainer: lightning.Trainer) -> None:
        if self.patience is not None and self._epoch - self._best >= self.patience:
            trainer.should_stop = True

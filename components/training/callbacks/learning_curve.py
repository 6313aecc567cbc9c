"""The learning curve: one point an epoch."""

from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback


class LearningCurve(Callback):
    """Collects `epoch`, `step` and what the module logged last; goes on in a resumed training."""

    def __init__(self) -> None:
        self.points: list[dict[str, float]] = []
        self._last: dict[str, float] = {}

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        """Remember what was logged in this step: a training that is resumed behind it has not seen it."""
        if trainer.global_step % trainer.log_every_n_steps == 0:
            self._last = _logged(trainer)

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        """Take the epoch's point, once: a training that is resumed at an epoch's end ends it again."""
        if len(self.points) <= trainer.current_epoch:
            self._last = {**self._last, **_logged(trainer)}
            point = {"epoch": trainer.current_epoch, "step": trainer.global_step}
            self.points.append({**point, **dict(sorted(self._last.items()))})

    def state_dict(self) -> dict[str, Any]:
        """Return the points so far."""
        return {"points": self.points, "last": self._last}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from these points."""
        self.points, self._last = state_dict["points"], state_dict["last"]


def _logged(trainer: lightning.Trainer) -> dict[str, float]:
    return {name: float(value) for name, value in trainer.callback_metrics.items()}

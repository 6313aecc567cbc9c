"""Progress: one bar over all steps of a training, with what validation found last."""

from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

from components.system import progress


class ProgressBar(Callback):
    """Shows the steps done of all, and the metrics that the module names for the bar; of several processes the first.

    Lightning's own bar begins anew each epoch, and has another one for each validation: many lines where epochs are
    short.
    """

    def __init__(self, monitor: str) -> None:
        """Show the validation metric `monitor`."""
        self._monitor = monitor
        self._bar: progress.Progress | None = None

    def on_train_start(self, trainer: lightning.Trainer, *_: Any) -> None:
        """Open the bar where the training stands."""
        if trainer.is_global_zero:
            total = int(trainer.estimated_stepping_batches)
            self._bar = progress.Progress(total=total, initial=trainer.global_step, desc="train", unit=" steps")

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        """Count the step."""
        if self._bar is not None:
            self._bar.update(trainer.global_step - self._bar.n)

    def on_train_epoch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        """Show what validation found."""
        found = trainer.callback_metrics.get(self._monitor)
        if self._bar is not None and found is not None:
            self._bar.set_postfix({self._monitor: f"{float(found):.3f}"}, refresh=False)

    def on_train_end(self, *_: Any) -> None:
        """Close the bar."""
        self._close()

    def on_exception(self, *_: Any) -> None:
        """Close the bar, so that what went wrong stands on a line of its own."""
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

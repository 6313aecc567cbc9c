"""A process among those of a training: its part of every batch, its threads, its randomness."""

from typing import TYPE_CHECKING, Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from torch import distributed

from components.kinds.share import Share

if TYPE_CHECKING:
    from components.kinds.contract import Batches, TrainingBatches

_FAR = 1_000_003
"""Between the seeds of two trainings, so that their steps do not meet."""


class Process(Callback):
    """Makes all that a step depends on by chance a pure function of where the training stands, which is kept.

    What a step draws (dropout) is one of (seed, step, process), what a batch holds one of (seed, epoch, index).
    """

    def __init__(self, seed: int, threads: int, training: "TrainingBatches", validation: "Batches") -> None:
        self._seed, self._threads, self._training, self._validation = seed, threads, training, validation

    def setup(self, trainer: lightning.Trainer, *_: Any, **__: Any) -> None:
        """Take the process's part; Lightning has given several processes other threads than ours."""
        torch.set_num_threads(self._threads)
        for batches in (self._training, self._validation):
            batches.share = Share(trainer.global_rank, trainer.world_size)

    def on_train_batch_start(self, trainer: lightning.Trainer, *_: Any) -> None:
        """Draw this step's numbers; `torch.manual_seed` would do, but takes half a millisecond to ask every backend."""
        seed = (self._seed * _FAR + trainer.global_step) * trainer.world_size + trainer.global_rank
        torch.default_generator.manual_seed(seed)
        if trainer.strategy.root_device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def on_validation_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Give every process the first one's running statistics: what is validated is what will be kept."""
        if trainer.world_size > 1:
            for buffer in pl_module.buffers():
                distributed.broadcast(buffer, src=0)

    def state_dict(self) -> dict[str, Any]:
        """Return where the batches stand; Lightning's own record of it is not loaded once it has counted the steps."""
        return {"batches": self._training.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self._training.load_state_dict(state_dict["batches"])

"""The LightningModule of every kind: what is logged, and how the validation split is watched."""

from abc import abstractmethod
from typing import TYPE_CHECKING

from torch import Tensor
from torchmetrics import MeanMetric

from components.internals.lightning import LeanModule
from components.kinds.batches import Batch
from components.kinds.validation import Validation

if TYPE_CHECKING:
    from components.kinds.contract import Objective


class ObjectiveModule(LeanModule):
    """Learns what an objective asks; a kind adds its network, `raw`, and `configure_optimizers`.

    Logs `train_loss` and `learning_rate` by the step, `validation_loss` and what the objective watches by the epoch.
    """

    def __init__(self, objective: "Objective") -> None:
        super().__init__()
        self.objective = objective
        self.validation_loss = MeanMetric()  # weighs rightly over several processes, as Lightning's own mean does not
        self._validation = Validation(objective)

    @abstractmethod
    def raw(self, inputs: Tensor) -> Tensor:
        """Return the head's numbers `[N, width]`, of a batch that is learned from or looked at."""

    def loss(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of one batch of the training split."""
        return self.objective.loss(self.raw(inputs).float(), labels)

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        """Return the loss of one batch."""
        loss = self.loss(*batch)
        if (self.trainer.global_step + 1) % self.trainer.log_every_n_steps == 0:
            self.log("train_loss", loss, prog_bar=True, sync_dist=True)
            self.log("learning_rate", self.trainer.optimizers[0].param_groups[0]["lr"])
        return loss

    def validation_step(self, batch: Batch, batch_index: int) -> None:
        """Look at one batch of the validation split."""
        inputs, labels = batch
        raw = self.raw(inputs).float()
        self.watch(self.objective.outputs(raw), labels, self.objective.loss(raw, labels), len(labels))

    def watch(self, outputs: Tensor, labels: Tensor, loss: Tensor, weight: int) -> None:
        """Count a batch of the validation split: outputs `[N, K]`, labels `[N]`, the mean loss of `weight`."""
        self.validation_loss(loss, weight)
        self.log("validation_loss", self.validation_loss, batch_size=weight)
        self._validation.add(outputs, labels)

    def on_validation_epoch_end(self) -> None:
        """Log what the objective watches."""
        self.log(self.objective.MONITOR, self._validation.monitored(), prog_bar=True)

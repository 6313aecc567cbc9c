"""The LightningModule: losses, phases, optimizer, and the threshold that validation finds."""

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, distributed
from torch.nn import functional
from torchmetrics import MeanMetric
from torchmetrics.functional.classification import binary_average_precision
from torchmetrics.utilities.distributed import gather_all_tensors

from components.internals.lightning import LeanModule
from components.kinds.table.learner.batches import Batch, WeighedBatch
from components.kinds.table.learner.network import RecordModel
from components.kinds.table.learner.schedule import decayed_apart, two_cycles, unlabelled_epochs
from components.kinds.table.learner.threshold import choose

if TYPE_CHECKING:
    from components.kinds.table.params import Train


class RecordModule(LeanModule):
    """Trains a model by AdamW (Loshchilov and Hutter 2019), in up to two phases of one cycle each.

    First the autoencoder, if there is one, on every record; then the network, if there is one, on the labelled ones, by
    plain log loss: weighing the rare class up would make its probabilities too high. The network's weight decay is a
    prior, which has more to say against fewer examples: it is divided by the labelled part.

    Logs `train_loss` and `learning_rate` by the step, `validation_loss`, which is the loss of the phase, and
    `validation_average_precision` by the epoch. Validation is done in 32 bit, as the endpoint answers.
    """

    threshold: Tensor

    def __init__(self, model: RecordModel, config: "Train", labelled: float) -> None:
        """Take an untrained model.

        Args:
            model: the model.
            config: the recipe.
            labelled: part of the training split whose label is known.
        """
        super().__init__()
        self.model, self.config, self.labelled = model, config, labelled
        self.register_buffer("threshold", torch.tensor(1.0))
        self.validation_loss = MeanMetric()  # weighs rightly over several processes, as Lightning's own mean does not
        self._validated: list[tuple[Tensor, Tensor, Tensor]] = []

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        """Return the loss of one batch."""
        loss = self._loss(*batch)
        if (self.trainer.global_step + 1) % self.trainer.log_every_n_steps == 0:
            self.log("train_loss", loss, prog_bar=True, sync_dist=True)
            self.log("learning_rate", self.trainer.optimizers[0].param_groups[0]["lr"])
        return loss

    def validation_step(self, batch: WeighedBatch, batch_index: int) -> None:
        """Score one batch of the validation split."""
        inputs, labels, misses = batch
        with torch.autocast(inputs.device.type, enabled=False):
            scores = self.model.suspicion(inputs) if self._unlabelled else self.model(inputs)[:, 1]
            loss = self._loss(inputs, labels)
        weight = len(labels) if self._unlabelled else max(int((labels >= 0).sum()), 1)
        self.validation_loss(loss, weight)
        self.log("validation_loss", self.validation_loss, batch_size=weight)
        self._validated.append((scores.float(), labels, misses))

    def on_validation_epoch_end(self) -> None:
        """Log how well the scores rank, 0 where no positive is known, and set the threshold."""
        scores, labels, misses = (_everywhere(torch.cat(parts)) for parts in zip(*self._validated, strict=True))
        self._validated.clear()
        known = labels >= 0
        found = binary_average_precision(scores[known], labels[known]) if (labels == 1).any() else torch.tensor(0.0)
        self.log("validation_average_precision", found, prog_bar=True)
        self.threshold.fill_(choose(scores.numpy(), labels.numpy(), misses.numpy(), self.config))

    def configure_optimizers(self) -> Any:
        """Return AdamW, its learning rate rising and falling once in each phase."""
        config = self.config
        first = [] if self.model.autoencoder is None else list(self.model.autoencoder.parameters())
        apart = {id(parameter) for parameter in first}
        then = [parameter for parameter in self.model.parameters() if id(parameter) not in apart]
        groups = decayed_apart(first, config.weight_decay) + decayed_apart(then, config.weight_decay / self.labelled)
        optimizer = torch.optim.AdamW(groups, lr=config.learning_rate)
        steps = int(self.trainer.estimated_stepping_batches)
        turn = steps // config.epochs * unlabelled_epochs(config)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, partial(two_cycles, first=turn, steps=steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    @property
    def _unlabelled(self) -> bool:
        """Whether the autoencoder is being trained."""
        return int(self.current_epoch) < unlabelled_epochs(self.config)

    def _loss(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of the phase; 0 where it asks for labels and none is known."""
        if self._unlabelled:
            return self.model.unlabelled_loss(inputs)
        known = labels >= 0
        logits = self.model.logits(inputs)[known]
        total = functional.binary_cross_entropy_with_logits(logits, labels[known].float(), reduction="sum")
        return total / known.sum().clamp_min(1)


def _everywhere(part: Tensor) -> Tensor:
    """Return the parts of all processes, one behind the other, on the CPU."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return part.cpu()
    return torch.cat(gather_all_tensors(part)).cpu()

"""The LightningModule: losses, phases and optimizer."""

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from components.kinds.batches import Batch
from components.kinds.objective_module import ObjectiveModule
from components.kinds.table.learner.network import RecordModel
from components.kinds.table.learner.schedule import decayed_apart, two_cycles, unlabelled_epochs

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.table.params import Train

_MOST_DECAY = 0.1  # part of a weight that a step takes away where few labels are known


class RecordModule(ObjectiveModule):
    """Trains a model by AdamW (Loshchilov and Hutter 2019), in up to two phases of one cycle each.

    First the autoencoder, if there is one, on every record; then the network, if there is one, on the labelled ones, by
    the loss of the objective. The network's weight decay is a prior, which has more to say against fewer examples: it
    is divided by the labelled part.

    `validation_loss` is the loss of the phase. Validation is done in 32 bit, as the endpoint answers.
    """

    def __init__(self, model: RecordModel, config: "Train", objective: "Objective", labelled: float) -> None:
        """Take an untrained model.

        Args:
            model: the model.
            config: the recipe.
            objective: what its head learns.
            labelled: part of the training split whose label is known.
        """
        super().__init__(objective)
        self.model, self.config, self.labelled = model, config, labelled

    def raw(self, inputs: Tensor) -> Tensor:
        """Return the head's numbers; without a network how unusual each record is."""
        numbers: Tensor = self.model(inputs)
        return numbers

    def validation_step(self, batch: Batch, batch_index: int) -> None:
        """Score one batch of the validation split."""
        inputs, labels = batch
        with torch.autocast(inputs.device.type, enabled=False):
            outputs = self.objective.outputs(self.raw(inputs))
            loss = self.loss(inputs, labels)
        weight = len(labels) if self._unlabelled else max(int(known(labels).sum()), 1)
        self.watch(outputs, labels, loss, weight)

    def configure_optimizers(self) -> Any:
        """Return AdamW, its learning rate rising and falling once in each phase."""
        config = self.config
        first = [] if self.model.autoencoder is None else list(self.model.autoencoder.parameters())
        apart = {id(parameter) for parameter in first}
        then = [parameter for parameter in self.model.parameters() if id(parameter) not in apart]
        groups = decayed_apart(first, config.weight_decay) + decayed_apart(then, self._prior)
        optimizer = torch.optim.AdamW(groups, lr=config.learning_rate)
        steps = int(self.trainer.estimated_stepping_batches)
        turn = steps // config.epochs * unlabelled_epochs(config, self.objective.supervised)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, partial(two_cycles, first=turn, steps=steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    @property
    def _prior(self) -> float:
        """The weight decay of the network: a step takes at most a tenth of a weight, unless the recipe says more."""
        config = self.config
        return min(config.weight_decay / self.labelled, max(config.weight_decay, _MOST_DECAY / config.learning_rate))

    @property
    def _unlabelled(self) -> bool:
        """Whether the autoencoder is being trained."""
        return int(self.current_epoch) < unlabelled_epochs(self.config, self.objective.supervised)

    def loss(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of the phase; 0 where it asks for labels and none is known."""
        if self._unlabelled:
            return self.model.unlabelled_loss(inputs)
        return self.objective.loss(self.raw(inputs), labels)


def known(labels: Tensor) -> Tensor:
    """Return which labels `[N]` are known."""
    return ~labels.isnan() if labels.is_floating_point() else labels >= 0

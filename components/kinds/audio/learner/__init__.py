"""How sounds are learned. Needs torch, lightning, torchmetrics and numpy alone."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from components.config.errors import DataError
from components.kinds.audio.learner import augment
from components.kinds.audio.learner.network import Network
from components.kinds.batches import AllBatches, TrainingBatches
from components.kinds.objective_module import ObjectiveModule
from components.kinds.plain import costs as costs
from components.kinds.plain import leaves_out as leaves_out
from components.kinds.serving import Serving

if TYPE_CHECKING:
    from components.kinds.audio.codec.input import Input
    from components.kinds.audio.params import Train
    from components.kinds.contract import Objective
    from components.kinds.prepared import PreparedData

_VALIDATION_BATCH = 250
_FULL = 32_768.0


class SoundModule(ObjectiveModule):
    """Trains the network by AdamW in one cycle; each step hears the recordings otherwise."""

    def __init__(self, network: Network, rate: int, config: "Train", objective: "Objective") -> None:
        super().__init__(objective)
        self.network, self.rate, self.config = network, rate, config

    def raw(self, inputs: Tensor) -> Tensor:
        """Return the head's numbers."""
        return self.network.scored(inputs)[0]

    def loss(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of one batch, of recordings as they may be heard as well, and labels that are smoothed."""
        with torch.no_grad():
            sounds = augment.heard(inputs.float() / _FULL, self.rate, self.config)
            spectrum = augment.seen(self.network.spectrum(sounds), self.config)
        if not self.config.mixup:
            return self._loss(self.network.of_spectrum(spectrum)[0], labels)
        mixed, order, part = augment.mixed(spectrum, self.config)
        raw, _ = self.network.of_spectrum(mixed)
        return part * self._loss(raw, labels) + (1 - part) * self._loss(raw, labels[order])

    def _loss(self, raw: Tensor, labels: Tensor) -> Tensor:
        return self.objective.loss(raw.float(), labels, self.config.label_smoothing)

    def configure_optimizers(self) -> Any:
        """Return AdamW, its learning rate rising and falling once over all steps."""
        rate, steps = self.config.learning_rate, int(self.trainer.estimated_stepping_batches)
        optimizer = torch.optim.AdamW(self.network.parameters(), lr=rate, weight_decay=self.config.weight_decay)
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=max(steps, 2))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}


def module(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> SoundModule:
    """Return a module with fresh weights, which depend on torch's global seed alone.

    Raises:
        DataError: nothing is learned from labels.
    """
    if not objective.supervised:
        raise DataError("sounds are learned from labels: write task: classification, detection or regression")
    rate = data.input["rate"]
    return SoundModule(Network(rate, config, objective), rate, config, objective)


def loaders(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> tuple[TrainingBatches, AllBatches]:
    """Return the batches of training and validation."""
    training = TrainingBatches(data.inputs("train"), data.labels("train"), config.batch_size, config.seed)
    return training, AllBatches(data.inputs("validation"), data.labels("validation"), _VALIDATION_BATCH)


def serving(module: SoundModule, temperature: float = 1.0) -> nn.Module:
    """Return what the endpoint runs: int16 `[N, length]` -> outputs and embedding."""
    return Serving(module.network, module.objective, temperature).eval()


def raw(module: SoundModule, inputs: Tensor) -> Tensor:
    """Return the head's numbers, in evaluation mode."""
    return SoundModule.raw(module.eval(), inputs)

"""How sounds are learned. Needs torch, lightning, torchmetrics and numpy alone."""

from typing import TYPE_CHECKING, Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from components.config.errors import DataError
from components.kinds.audio.learner import augment
from components.kinds.audio.learner.log_mel import samples_of
from components.kinds.audio.learner.network import Network, PretrainedNetwork
from components.kinds.audio.learner.speech import SpeechEncoder, embedded, versions
from components.kinds.batches import AllBatches, TrainingBatches
from components.kinds.objective_module import ObjectiveModule
from components.kinds.plain import costs as costs
from components.kinds.plain import leaves_out as leaves_out
from components.kinds.pretrained import read_artifact
from components.kinds.serving import Serving

if TYPE_CHECKING:
    from components.kinds.audio.codec.input import Input
    from components.kinds.audio.params import Train
    from components.kinds.contract import Objective
    from components.kinds.prepared import PreparedData

_VALIDATION_BATCH = 250


class CycleModule(ObjectiveModule):
    """Trains a network by AdamW in one cycle, on labels that are smoothed."""

    network: Network | PretrainedNetwork

    def __init__(self, config: "Train", objective: "Objective") -> None:
        super().__init__(objective)
        self.config = config

    def smoothed_loss(self, raw: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of the head's numbers `[N, outputs]`."""
        return self.objective.loss(raw.float(), labels, self.config.label_smoothing)

    def configure_optimizers(self) -> Any:
        """Return AdamW, its learning rate rising and falling once over all steps."""
        rate, steps = self.config.learning_rate, int(self.trainer.estimated_stepping_batches)
        learning = [weights for weights in self.network.parameters() if weights.requires_grad]
        optimizer = torch.optim.AdamW(learning, lr=rate, weight_decay=self.config.weight_decay)
        cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=max(steps, 2))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}


class SoundModule(CycleModule):
    """Trains a network with fresh weights; each step hears the recordings otherwise."""

    network: Network

    def __init__(self, network: Network, rate: int, config: "Train", objective: "Objective") -> None:
        super().__init__(config, objective)
        self.network, self.rate = network, rate

    def raw(self, inputs: Tensor) -> Tensor:
        """Return the head's numbers."""
        return self.network.scored(inputs)[0]

    def loss(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of one batch, of recordings as they may be heard as well."""
        with torch.no_grad():
            sounds = augment.heard(samples_of(inputs), self.rate, self.config)
            spectrum = augment.seen(self.network.spectrum(sounds), self.config)
        if not self.config.mixup:
            return self.smoothed_loss(self.network.of_spectrum(spectrum)[0], labels)
        mixed, order, part = augment.mixed(spectrum, self.config)
        raw, _ = self.network.of_spectrum(mixed)
        return part * self.smoothed_loss(raw, labels) + (1 - part) * self.smoothed_loss(raw, labels[order])


class PretrainedModule(CycleModule):
    """Trains what is behind a pretrained network, which has heard every version of each recording before."""

    network: PretrainedNetwork

    def __init__(self, network: PretrainedNetwork, config: "Train", objective: "Objective") -> None:
        super().__init__(config, objective)
        self.network = network

    def raw(self, inputs: Tensor) -> Tensor:
        """Return the head's numbers, of samples (int16), or of what the network made of them (float32)."""
        if inputs.is_floating_point():
            return self.network.of_embedded(inputs)[0]
        return self.network.scored(inputs)[0]

    def loss(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of one batch `[N, versions, width]`, of one version of each recording."""
        drawn = torch.randint(inputs.shape[1], (len(inputs),), device=inputs.device)
        one = inputs[torch.arange(len(inputs), device=inputs.device), drawn]
        return self.smoothed_loss(self.raw(one), labels)


def module(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> CycleModule:
    """Return a module with fresh weights, which depend on torch's global seed alone.

    Raises:
        DataError: nothing is learned from labels; or the recipe begins with a network of speech that the stage
            `backbone` did not leave, or that hears more frequencies than the recordings hold.
    """
    if not objective.supervised:
        raise DataError("sounds are learned from labels: write task: classification, detection or regression")
    if config.backbone is not None:
        return PretrainedModule(PretrainedNetwork(_encoder(data), config, objective), config, objective)
    rate = data.input["rate"]
    return SoundModule(Network(rate, config, objective), rate, config, objective)


def loaders(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> tuple[TrainingBatches, AllBatches]:
    """Return the batches of training and validation; a pretrained network has heard them once, and hears none again."""
    training: NDArray[Any] = data.inputs("train")
    validation: NDArray[Any] = data.inputs("validation")
    if config.backbone is not None:
        encoder = _encoder(data)
        training, validation = versions(encoder, training, data.input["rate"], config), embedded(encoder, validation)
    batches = TrainingBatches(training, data.labels("train"), config.batch_size, config.seed)
    return batches, AllBatches(validation, data.labels("validation"), _VALIDATION_BATCH)


def serving(module: CycleModule, temperature: float = 1.0) -> nn.Module:
    """Return what the endpoint runs: int16 `[N, length]` -> outputs and embedding."""
    return Serving(module.network, module.objective, temperature).eval()


def raw(module: CycleModule, inputs: Tensor) -> Tensor:
    """Return the head's numbers, in evaluation mode."""
    found: Tensor = module.eval().raw(inputs)
    return found


def _encoder(data: "PreparedData[Input]") -> SpeechEncoder:
    return SpeechEncoder(*read_artifact(data.backbone), data.input["rate"], data.input["length"])

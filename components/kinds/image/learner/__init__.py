"""How pictures are learned. Needs torch, lightning, torchmetrics and numpy alone."""

from typing import TYPE_CHECKING, cast

import lightning
from torch import nn

from components.kinds.image.learner.batches import AllBatches, TrainingBatches, channel_statistics
from components.kinds.image.learner.network import Network, Preprocessing, Serving
from components.kinds.image.learner.teaching import PictureModule

if TYPE_CHECKING:
    from components.kinds.image.params import Train
    from components.kinds.prepared import PreparedData

MONITOR = "validation_accuracy"

_VALIDATION_BATCH = 1_000


def module(data: "PreparedData", config: "Train") -> "PictureModule":
    """Return a module with fresh weights, which depend on torch's global seed alone."""
    network = Network(data.input["channels"], len(data.classes), config.width)
    return PictureModule(network, Preprocessing(*channel_statistics(data.inputs("train"))), config)


def loaders(data: "PreparedData", config: "Train") -> tuple[TrainingBatches, AllBatches]:
    """Return the batches of training and validation; they come whole from the map, so no worker would help."""
    pictures, labels = data.inputs("train"), data.labels("train")
    training = TrainingBatches(pictures, labels, config.batch_size, config.seed, config.flip, config.shift)
    return training, AllBatches(data.inputs("validation"), data.labels("validation"), _VALIDATION_BATCH)


def leaves_out(config: "Train") -> bool:
    """Return whether steps teach only a part of the network: none does."""
    return False


def serving(module: lightning.LightningModule) -> nn.Module:
    """Return what the endpoint runs, in evaluation mode: uint8 `[N, H, W, C]` -> probabilities `[N, classes]`."""
    learned = cast("PictureModule", module)
    return Serving(learned.preprocessing, learned.network).eval()


def decision(module: lightning.LightningModule) -> dict[str, float]:
    """Return nothing: a picture is taken for its most probable class."""
    return {}

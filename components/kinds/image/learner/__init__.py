"""How pictures are learned. Needs torch, lightning, torchmetrics and numpy alone."""

from typing import TYPE_CHECKING

from components.kinds.batches import AllBatches
from components.kinds.image.learner import unlabelled as unlabelled
from components.kinds.image.learner.augment import augmentation
from components.kinds.image.learner.batches import VALIDATION_BATCH, TrainingBatches
from components.kinds.image.learner.fresh import fresh_network
from components.kinds.image.learner.gaussian import GaussianModule
from components.kinds.image.learner.lightning_module import PictureModule
from components.kinds.image.learner.pretrained import pretrained_loaders, pretrained_module
from components.kinds.image.learner.pretrained.patches import PatchModule
from components.kinds.image.learner.served import Module as Module
from components.kinds.image.learner.served import raw as raw
from components.kinds.image.learner.served import serving as serving
from components.kinds.plain import costs as costs
from components.kinds.plain import leaves_out as leaves_out

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.image.codec.input import Input
    from components.kinds.image.params import Train
    from components.kinds.prepared import PreparedData


def module(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> Module:
    """Return a module with fresh weights, which depend on the pictures and torch's global seed alone.

    Without labels to learn from it has been measured: a Gaussian, or what a backbone sees of ordinary patches.
    """
    if not objective.supervised:
        if getattr(config, "backbone", None):
            return PatchModule(data.inputs("train"), data.backbone, config.flip, objective)
        return GaussianModule(data.inputs("train"), config.flip, objective)
    if getattr(config, "backbone", None):
        return pretrained_module(data, config, objective)
    network, preprocessing = fresh_network(data.inputs("train"), config, objective)
    return PictureModule(network, preprocessing, config, objective)


def loaders(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> tuple[TrainingBatches, AllBatches]:
    """Return the batches of training and validation; they come whole from the map, so no worker would help."""
    how = augmentation(config, data.input["channels"])
    if getattr(config, "backbone", None):
        return pretrained_loaders(data, config, objective, how)
    training = TrainingBatches(data.inputs("train"), data.labels("train"), config.batch_size, config.seed, how)
    return training, AllBatches(data.inputs("validation"), data.labels("validation"), VALIDATION_BATCH)

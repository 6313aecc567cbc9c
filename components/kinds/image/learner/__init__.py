"""How pictures are learned. Needs torch, lightning, torchmetrics and numpy alone."""

from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from components.kinds.batches import AllBatches
from components.kinds.image.learner.augment import Augmentation
from components.kinds.image.learner.batches import TrainingBatches, channel_statistics
from components.kinds.image.learner.gaussian import GaussianModule
from components.kinds.image.learner.lightning_module import PictureModule
from components.kinds.image.learner.network import Network, Preprocessing
from components.kinds.image.learner.pretrained import pretrained_loaders, pretrained_module
from components.kinds.image.learner.pretrained.lightning_module import PretrainedModule
from components.kinds.image.learner.pretrained.patches import PatchModule
from components.kinds.plain import costs as costs
from components.kinds.plain import leaves_out as leaves_out

Module = PictureModule | PretrainedModule | GaussianModule | PatchModule

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.image.codec.input import Input
    from components.kinds.image.params import Train
    from components.kinds.prepared import PreparedData

_VARIED = 0.25  # of pictures in colour, where it is left to us; grey ones stay as the recipes were chosen on them
_VALIDATION_BATCH = 1_000
_MEASURED = 1_000  # training pictures that the whitening is measured on; each has a patch for every pixel


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
    pictures = data.inputs("train")
    preprocessing = Preprocessing(*channel_statistics(pictures))
    width, depth = config.width or 0, config.depth or 0  # which every recipe says that comes here
    network = Network(data.input["channels"], objective.prior, width, depth, bool(config.fine))
    some = torch.from_numpy(np.array(pictures[:: ceil(len(pictures) / _MEASURED)]))
    network.whitening.measure(preprocessing(some))
    return PictureModule(network, preprocessing, config, objective)


def loaders(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> tuple[TrainingBatches, AllBatches]:
    """Return the batches of training and validation; they come whole from the map, so no worker would help."""
    pictures, labels = data.inputs("train"), data.labels("train")
    colour = data.input["channels"] > 1
    vary = (_VARIED if colour else 0.0) if config.vary == "auto" else config.vary
    how = Augmentation(config.flip, config.shift, config.erase, vary)
    if getattr(config, "backbone", None):
        return pretrained_loaders(data, config, objective, how)
    training = TrainingBatches(pictures, labels, config.batch_size, config.seed, how)
    return training, AllBatches(data.inputs("validation"), data.labels("validation"), _VALIDATION_BATCH)


def serving(module: Module, temperature: float = 1.0) -> nn.Module:
    """Return what the endpoint runs, in evaluation mode: uint8 `[N, H, W, C]` -> outputs and embedding."""
    return module.serving(temperature).eval()


def raw(module: Module, pictures: torch.Tensor) -> torch.Tensor:
    """Return `[N, width]`, in evaluation mode: what `serving` makes outputs of."""
    taken = module if isinstance(module, PretrainedModule) else module.serving()  # it takes so many as memory holds
    numbers: torch.Tensor = taken.eval().raw(pictures)
    return numbers

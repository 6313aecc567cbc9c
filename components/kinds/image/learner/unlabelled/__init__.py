"""How pictures are learned from labels and from pictures without any: by FixMatch. Weights are of the same modules.

Where a part of a pretrained network stays, it has seen each picture without a label once as it is, mirrored, and a few
times augmented strongly; what learns on is given these.
"""

from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from components.kinds.batches import AllBatches
from components.kinds.image.learner.augment import augmentation
from components.kinds.image.learner.batches import VALIDATION_BATCH, TrainingBatches, generator
from components.kinds.image.learner.fresh import fresh_network
from components.kinds.image.learner.pretrained import pretrained_loaders, pretrained_network
from components.kinds.image.learner.pretrained.activations import Mirror, activations
from components.kinds.image.learner.served import raw as raw
from components.kinds.image.learner.served import serving as serving
from components.kinds.image.learner.unlabelled.batches import UnlabelledBatches, View
from components.kinds.image.learner.unlabelled.lightning_module import (
    UnlabelledPictureModule,
    UnlabelledPretrainedModule,
)
from components.kinds.image.learner.unlabelled.strong import StrongAugmentation
from components.kinds.plain import costs as costs
from components.kinds.plain import leaves_out as leaves_out

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.image.codec.input import Input
    from components.kinds.image.learner.served import Module
    from components.kinds.image.params import Train
    from components.kinds.prepared import PreparedData

_STRONG_VIEWS = 4  # of each picture, where activations are kept
_KEPT = 2_000  # most pictures without labels whose activations are
_AT_A_TIME = 100  # pictures that are augmented; bounds memory for large ones
_MEASURED = 10_000  # most pictures without labels that are measured


def module(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> "Module":
    """Return a module with fresh weights, measured on all pictures that it learns from."""
    counts = np.bincount(np.asarray(data.labels("train"))[data.labels("train") >= 0], minlength=len(data.classes))
    shares = torch.from_numpy(counts / counts.sum()).float()
    if getattr(config, "backbone", None):
        parts = pretrained_network(data, config, objective)
        return UnlabelledPretrainedModule(*parts, config, objective, shares)
    pictures = np.concatenate([data.inputs("train"), _some(data.unlabelled_inputs(), _MEASURED)])
    return UnlabelledPictureModule(*fresh_network(pictures, config, objective), config, objective, shares)


def loaders(
    data: "PreparedData[Input]", config: "Train", objective: "Objective"
) -> tuple[UnlabelledBatches, AllBatches]:
    """Return the batches of training, beside each pictures without labels, and of validation."""
    how, pictures = augmentation(config, data.input["channels"]), data.unlabelled_inputs()
    weak, strong = View(pictures, how), View(pictures, StrongAugmentation(config.flip))
    if getattr(config, "backbone", None):
        labelled, validation = pretrained_loaders(data, config, objective, how)
        if isinstance(labelled.how, Mirror):
            weak, strong = _kept_views(data, config, objective, _some(pictures, _KEPT))
    else:
        labelled = TrainingBatches(data.inputs("train"), data.labels("train"), config.batch_size, config.seed, how)
        validation = AllBatches(data.inputs("validation"), data.labels("validation"), VALIDATION_BATCH)
    return UnlabelledBatches(labelled, weak, strong), validation


def _some(pictures: NDArray[np.uint8], most: int) -> NDArray[np.uint8]:
    """Return at most so many of the pictures, evenly spread."""
    return pictures[:: max(1, ceil(len(pictures) / most))]


def _kept_views(
    data: "PreparedData[Input]", config: "Train", objective: "Objective", pictures: NDArray[np.uint8]
) -> tuple[View, View]:
    """Return what the part that stays makes of the pictures: as they are, and augmented strongly."""
    with torch.random.fork_rng(devices=[]):
        network, preprocessing = pretrained_network(data, config, objective)
    network.eval()
    weak = activations(network, preprocessing, pictures, config.flip)
    strong = [
        activations(network, preprocessing, _changed(pictures, config, view), False) for view in range(_STRONG_VIEWS)
    ]
    return View(weak, Mirror()), View(np.concatenate(strong, axis=1), Mirror())


def _changed(pictures: NDArray[np.uint8], config: "Train", view: int) -> NDArray[np.uint8]:
    """Return the pictures, augmented strongly."""
    how, found = StrongAugmentation(config.flip), list[NDArray[np.uint8]]()
    for start in range(0, len(pictures), _AT_A_TIME):
        some = torch.from_numpy(np.array(pictures[start : start + _AT_A_TIME]))
        draws = generator(config.seed, view, start)
        found.append(how(some, draws, len(some), slice(0, len(some))).numpy())
    return np.concatenate(found)

"""Networks that were trained on other pictures before: a new head, their last layers, or all of them learn on."""

from typing import TYPE_CHECKING

import torch

from components.kinds.batches import AllBatches
from components.kinds.image.learner.augment import Augmentation
from components.kinds.image.learner.batches import TrainingBatches
from components.kinds.image.learner.network import Preprocessing
from components.kinds.image.learner.pretrained.activations import Mirror, activations, fits
from components.kinds.image.learner.pretrained.lightning_module import PretrainedModule
from components.kinds.image.learner.pretrained.network import PretrainedNetwork, batch_for
from components.kinds.image.learner.pretrained.network import looked_at as looked_at
from components.kinds.pretrained import read_artifact

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.image.codec.input import Input
    from components.kinds.image.params import Train
    from components.kinds.prepared import PreparedData


def pretrained_module(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> PretrainedModule:
    """Return a module with the tensors of the backbone, and a head that has learned nothing yet.

    Raises:
        DataError: the stage `backbone` left none.
    """
    return PretrainedModule(*pretrained_network(data, config, objective), config, objective)


def pretrained_network(
    data: "PreparedData[Input]", config: "Train", objective: "Objective"
) -> tuple[PretrainedNetwork, Preprocessing]:
    """Return the network of such a module, and the preprocessing of its pictures."""
    described, tensors = read_artifact(data.backbone)
    preprocessing = Preprocessing(described["mean"], described["std"])
    side = looked_at(described["sizes"], data.input["height"])
    network = PretrainedNetwork(described, side, config.tune or "last", objective.prior)
    network.load(tensors)
    return network, preprocessing


def pretrained_loaders(
    data: "PreparedData[Input]", config: "Train", objective: "Objective", how: Augmentation
) -> tuple[TrainingBatches, AllBatches]:
    """Return the batches of training and validation: of activations where a part stays, else of pictures."""
    validation, labels = data.inputs("validation"), data.labels("validation")
    with torch.random.fork_rng(devices=[]):  # the weights of this copy are the backbone's; the draws are another's
        module = pretrained_module(data, config, objective).eval()
    network, preprocessing = module.network, module.preprocessing
    batch = batch_for(network.side)
    if network.cut == 0 or not fits(network, len(labels) + data.counts["train"]):
        training = TrainingBatches(data.inputs("train"), data.labels("train"), config.batch_size, config.seed, how)
        return training, AllBatches(validation, labels, batch)
    kept = activations(network, preprocessing, data.inputs("train"), config.flip)
    training = TrainingBatches(kept, data.labels("train"), config.batch_size, config.seed, Mirror())
    return training, AllBatches(activations(network, preprocessing, validation, False)[:, 0], labels, batch)

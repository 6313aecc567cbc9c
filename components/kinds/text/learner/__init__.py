"""How texts are learned. Needs torch, lightning and numpy alone."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from components.kinds.batches import AllBatches, TrainingBatches
from components.kinds.plain import costs as costs
from components.kinds.plain import leaves_out as leaves_out
from components.kinds.pretrained import read_artifact
from components.kinds.text.learner.encoder import Encoder, with_embeddings
from components.kinds.text.learner.hashing import Hashing
from components.kinds.text.learner.network import Network
from components.kinds.text.learner.network import TextModule as TextModule
from components.kinds.text.learner.served import TextServing

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.prepared import PreparedData
    from components.kinds.text.codec.input import Input
    from components.kinds.text.params import Train

_BATCH = 250


def module(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> TextModule:
    """Return a module with fresh weights, which depend on the training texts and torch's global seed alone.

    Raises:
        DataError: the recipe begins with an encoder, and the stage `backbone` left none.
    """
    hashing = Hashing(data.input["length"], data.input["words"], config.buckets)
    rarity = _rarity(data.inputs("train"), hashing)
    encoder = _encoder(data) if config.backbone else None
    return TextModule(Network(hashing, rarity, config.width, config.dropout, objective, encoder), config, objective)


def loaders(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> tuple[TrainingBatches, AllBatches]:
    """Return the batches of training and validation; an encoder has read every text once, and reads none again."""
    texts = [data.inputs("train"), data.inputs("validation")]
    if config.backbone:
        encoder = _encoder(data)
        texts = [with_embeddings(encoder, some) for some in texts]
    training = TrainingBatches(texts[0], data.labels("train"), config.batch_size, config.seed)
    return training, AllBatches(texts[1], data.labels("validation"), _BATCH)


def serving(module: TextModule, temperature: float = 1.0) -> nn.Module:
    """Return what the endpoint runs."""
    return TextServing(module.network, module.objective, temperature).eval()


def raw(module: TextModule, inputs: Tensor) -> Tensor:
    """Return the head's numbers, in evaluation mode."""
    return TextModule.raw(module.eval(), inputs)


def _encoder(data: "PreparedData[Input]") -> Encoder:
    return Encoder(*read_artifact(data.backbone), data.input["length"])


def _rarity(texts: NDArray[np.int32], hashing: Hashing) -> Tensor:
    """Return the inverse document frequency of each bucket, `[buckets]`: 1 + ln((1 + N) / (1 + n)); 0 of the first."""
    found = torch.zeros(hashing.buckets)
    with torch.no_grad():
        for start in range(0, len(texts), _BATCH):
            buckets = hashing(torch.from_numpy(np.array(texts[start : start + _BATCH]))).sort(dim=1).values
            first = torch.nn.functional.pad(buckets[:, 1:] != buckets[:, :-1], (1, 0), value=True)
            found += torch.bincount(buckets[first], minlength=hashing.buckets)
    rarity = 1.0 + torch.log((1.0 + len(texts)) / (1.0 + found))
    rarity[0] = 0.0
    return rarity

"""How records are learned. Needs torch, lightning, torchmetrics and numpy alone."""

from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from components.config.errors import DataError
from components.kinds.table.learner.autoencoder import Autoencoder, View
from components.kinds.table.learner.batches import AllBatches, TrainingBatches
from components.kinds.table.learner.cuts import cuts
from components.kinds.table.learner.encoding import Encoding, FeatureLayout
from components.kinds.table.learner.lightning_module import RecordModule
from components.kinds.table.learner.network import Network, RecordModel, Serving
from components.kinds.table.learner.schedule import unlabelled_epochs
from components.kinds.table.learner.threshold import at_temperature

if TYPE_CHECKING:
    from components.kinds.prepared import PreparedData
    from components.kinds.table.codec.input import Decision, Input
    from components.kinds.table.params import Train

MONITOR = "validation_average_precision"

_VALIDATION_BATCH = 4_096
_SAMPLE = 500_000
"""Most records that are looked at before the training, to fit scales and cuts."""


def module(data: "PreparedData[Input]", config: "Train") -> RecordModule:
    """Return a module with fresh weights, which depend on torch's global seed alone."""
    layout = FeatureLayout.of(data.input)
    examples = np.array(_spread(data.inputs("train")))
    if config.labels == "none":
        view = View(layout, examples, left_out=layout.from_labels)
        return RecordModule(RecordModel(None, None, Autoencoder(view, config.width, config.code)), config, labelled=1.0)
    known = np.flatnonzero(data.labels("train") >= 0)
    if len(known) == 0:
        raise DataError("no label of the train split is known; learn without, by train.labels: none")
    labels = data.labels("train")[known]
    encoding = Encoding(layout, examples, _cuts(layout, data, known))
    autoencoder = None
    if config.autoencoder:
        autoencoder = Autoencoder(View(layout, examples, left_out=()), config.width, config.code)
    inputs = encoding.width + (0 if autoencoder is None else 1 + config.code)
    prior = (int((labels == 1).sum()) + 0.5) / (len(labels) + 1)
    network = Network(inputs, config.width, config.layers, config.dropout, prior)
    return RecordModule(RecordModel(encoding, network, autoencoder), config, len(known) / len(data.labels("train")))


def loaders(data: "PreparedData[Input]", config: "Train") -> tuple[TrainingBatches, AllBatches]:
    """Return the batches of training and validation; they come whole from the map, so no worker would help."""
    inputs, labels = data.inputs("train"), data.labels("train")
    if config.labels == "none":
        labels = np.broadcast_to(np.int64(-1), len(inputs))
    training = TrainingBatches(inputs, labels, config.batch_size, config.seed, unlabelled_epochs(config))
    misses = np.broadcast_to(1.0, len(data.labels("validation")))
    if data.input["amount_feature"] is not None:
        misses = data.array("validation", "amounts")
    return training, AllBatches(data.inputs("validation"), data.labels("validation"), misses, _VALIDATION_BATCH)


def leaves_out(config: "Train") -> bool:
    """Return whether steps train only a part of the model: first the autoencoder, then the network."""
    return config.labels == "all" and config.autoencoder


def serving(module: RecordModule, temperature: float = 1.0) -> nn.Module:
    """Return what the endpoint runs, in evaluation mode: float32 `[N, F]` -> probabilities `[N, 2]`."""
    return Serving(module.model, temperature).eval()


def logits(module: RecordModule, inputs: torch.Tensor) -> torch.Tensor | None:
    """Return `[N, 2]`, in evaluation mode, 0 for the negative class; None: without labels there is no probability."""
    model = module.model.eval()
    if model.network is None:
        return None
    positive = model.logits(inputs)
    return torch.stack([torch.zeros_like(positive), positive], dim=1)


def decision(module: RecordModule, temperature: float = 1.0) -> "Decision":
    """Return the threshold: from which probability on a record is taken for positive, the same at any temperature."""
    return {"threshold": at_temperature(float(module.threshold), temperature)}


def _cuts(layout: FeatureLayout, data: "PreparedData[Input]", known: NDArray[np.int64]) -> list[tuple[int, float]]:
    """Return where labelled records are cut: index of the number and value."""
    indices = _spread(known)
    examples, labels = data.inputs("train")[indices], data.labels("train")[indices]
    return [(index, cut) for index in range(layout.numbers) for cut in cuts(examples[:, index], labels)]


def _spread(rows: NDArray[Any]) -> NDArray[Any]:
    """Return at most `_SAMPLE` of the rows, evenly spread."""
    return rows[:: ceil(len(rows) / _SAMPLE)]

"""How records are learned. Needs torch, lightning, torchmetrics and numpy alone."""

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from components.kinds.batches import AllBatches, TrainingBatches
from components.kinds.prepared import known
from components.kinds.serving import Serving
from components.kinds.table.learner.autoencoder import Autoencoder, View
from components.kinds.table.learner.cuts import label_cuts
from components.kinds.table.learner.encoding import Encoding, FeatureLayout
from components.kinds.table.learner.lightning_module import RecordModule
from components.kinds.table.learner.network import Network, RecordModel
from components.kinds.table.learner.schedule import unlabelled_epochs
from components.kinds.table.learner.trees.ensemble import TreeEnsemble
from components.kinds.table.learner.trees.module import TreeModule

if TYPE_CHECKING:
    from components.kinds.contract import Objective, SupervisedObjective
    from components.kinds.prepared import PreparedData, Split
    from components.kinds.table.codec.input import Input
    from components.kinds.table.params import Train

_VALIDATION_BATCH = 4_096
_SAMPLE = 500_000
"""Most records that are looked at before the training, to fit scales and cuts."""


def module(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> RecordModule | TreeModule:
    """Return a module with fresh weights, which depend on torch's global seed alone."""
    layout = FeatureLayout.of(data.input)
    examples = np.array(_spread(data.inputs("train")))
    if config.model == "trees":
        return TreeModule(layout, examples, objective)
    if not objective.supervised:
        view = View(layout, examples, left_out=layout.from_labels)
        model = RecordModel(None, None, Autoencoder(view, config.width, config.code))
        return RecordModule(model, config, objective, labelled=1.0)
    labelled = np.flatnonzero(known(data.labels("train")))
    encoding = Encoding(layout, examples, _cuts(layout, data, labelled))
    autoencoder = None
    if config.autoencoder:
        autoencoder = Autoencoder(View(layout, examples, left_out=()), config.width, config.code)
    inputs = encoding.width + (0 if autoencoder is None else 1 + config.code)
    network = Network(inputs, config.width, config.layers, config.dropout, objective.prior)
    model = RecordModel(encoding, network, autoencoder, objective.unusual_is_positive)
    return RecordModule(model, config, objective, len(labelled) / len(data.labels("train")))


def fit_trees(
    data: "PreparedData[Input]", config: "Train", objective: "SupervisedObjective"
) -> tuple[dict[str, torch.Tensor], list[float]]:
    """Return the weights of trees, and the validation loss after each round. Needs scikit-learn as well."""
    from components.kinds.table.learner.trees.fit import fit  # a network needs no scikit-learn

    fitted = fit(data, objective, config.seed)
    trees = TreeModule(FeatureLayout.of(data.input), np.array(_spread(data.inputs("train"))), objective)
    trees.model.ensemble = TreeEnsemble(fitted.arrays)
    return trees.state_dict(), fitted.losses


def are_trees(weights: Mapping[str, torch.Tensor]) -> bool:
    """Whether the weights are those of trees."""
    return any(name.startswith("model.ensemble.") for name in weights)


def loaders(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> tuple[TrainingBatches, AllBatches]:
    """Return the batches of training and validation; they come whole from the map, so no worker would help."""
    inputs, labels = data.inputs("train"), data.labels("train")
    if not objective.supervised:
        labels = np.broadcast_to(np.int64(-1), len(inputs))
    unlabelled = unlabelled_epochs(config, objective.supervised)
    training = TrainingBatches(inputs, labels, config.batch_size, config.seed, unlabelled)
    return training, AllBatches(data.inputs("validation"), data.labels("validation"), _VALIDATION_BATCH)


def leaves_out(config: "Train") -> bool:
    """Return whether steps train only a part of the model: first the autoencoder, then the network."""
    return config.labels == "all" and config.autoencoder


def serving(module: RecordModule | TreeModule, temperature: float = 1.0) -> nn.Module:
    """Return what the endpoint runs, in evaluation mode: float32 `[N, F]` -> outputs and embedding."""
    return Serving(module.model, module.objective, temperature).eval()


def raw(module: RecordModule | TreeModule, inputs: torch.Tensor) -> torch.Tensor:
    """Return `[N, width]`, in evaluation mode: what `serving` makes outputs of."""
    numbers: torch.Tensor = module.model.eval()(inputs)
    return numbers


def costs(data: "PreparedData[Input]", split: "Split") -> NDArray[np.float64] | None:
    """Return the amounts of the records `[N]`: to miss one that is positive costs its amount; None: there are none."""
    return None if data.input["amount_feature"] is None else np.asarray(data.array(split, "amounts"))


def _cuts(layout: FeatureLayout, data: "PreparedData[Input]", labelled: NDArray[np.int64]) -> list[tuple[int, float]]:
    """Return where labelled records are cut: index of the number and value."""
    indices = _spread(labelled)
    examples, labels = data.inputs("train")[indices], data.labels("train")[indices]
    return [(index, cut) for index in range(layout.numbers) for cut in label_cuts(examples[:, index], labels)]


def _spread(rows: NDArray[Any]) -> NDArray[Any]:
    """Return at most `_SAMPLE` of the rows, evenly spread."""
    return rows[:: ceil(len(rows) / _SAMPLE)]

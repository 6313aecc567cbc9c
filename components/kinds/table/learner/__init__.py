"""How records are learned. Needs torch, lightning, torchmetrics and numpy alone."""

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, Any, cast

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
from components.kinds.table.learner.trees.module import IsolationModel, JointModel, TreeModel, TreeModule

if TYPE_CHECKING:
    from components.kinds.contract import Objective, SupervisedObjective
    from components.kinds.prepared import PreparedData, Split
    from components.kinds.table.codec.input import Input
    from components.kinds.table.params import Train

Weights = Mapping[str, torch.Tensor]

_VALIDATION_BATCH = 4_096
_SAMPLE = 500_000
"""Most records that are looked at before the training, to fit scales and cuts."""
_FARTHEST = 1e6
"""Standard deviations from the mean at which a record is as unlike training as any."""
_UNHEARD_OF = 100.0
"""Standard deviations that a number counts which is missing, and never was in training."""
_MEASURED = 10_000
"""Most that two models are asked about, to find the unit of each."""


def module(data: "PreparedData[Input]", config: "Train", objective: "Objective") -> RecordModule | TreeModule:
    """Return a module with fresh weights, which depend on torch's global seed alone."""
    layout = FeatureLayout.of(data.input)
    examples = np.array(_spread(data.inputs("train")))
    if not objective.supervised:
        return _unlabelled(View(layout, examples, left_out=layout.from_labels), config, objective)
    if config.model == "trees":
        return TreeModule(TreeModel(View(layout, examples, left_out=())), objective)
    labelled = np.flatnonzero(known(data.labels("train")))
    encoding = Encoding(layout, examples, _cuts(layout, data, labelled))
    autoencoder = None
    if config.autoencoder:
        autoencoder = Autoencoder(View(layout, examples, left_out=()), config.width, config.code)
    inputs = encoding.width + (0 if autoencoder is None else 1 + config.code)
    network = Network(inputs, config.width, config.layers, config.dropout, objective.prior)
    model = RecordModel(encoding, network, autoencoder, objective.unusual_is_positive)
    return RecordModule(model, config, objective, len(labelled) / len(data.labels("train")))


def fit_whole(
    data: "PreparedData[Input]", config: "Train", objective: "Objective"
) -> tuple[dict[str, torch.Tensor], list[float]]:
    """Return the weights of trees, and the validation loss after each round. Needs scikit-learn as well.

    Without labels to learn from they are an isolation forest, which has no rounds.
    """
    from components.kinds.table.learner.trees.fit import fit  # a network needs no scikit-learn
    from components.kinds.table.learner.trees.isolation import isolation_arrays

    trees, losses = module(data, config, objective), list[float]()
    model = cast("TreeModel", trees.model)
    if objective.supervised:
        fitted = fit(data, cast("SupervisedObjective", objective), config.seed)
        model.ensemble, losses = TreeEnsemble(fitted.arrays), fitted.losses
    else:
        examples = np.array(_spread(data.inputs("train")))
        model.ensemble = TreeEnsemble(isolation_arrays(model.view, examples, config.seed))
    return trees.state_dict(), losses


def join(
    data: "PreparedData[Input]", config: "Train", objective: "Objective", network: Weights, trees: Weights
) -> dict[str, torch.Tensor]:
    """Return the weights of a model that asks an autoencoder and an isolation forest, from those of each."""
    joint = module(data, config, objective)
    joint.load_state_dict({**network, **trees}, strict=False)  # the unit of each is measured next
    examples = data.inputs("train")
    cast("JointModel", joint.model).measure(torch.from_numpy(np.array(examples[:: ceil(len(examples) / _MEASURED)])))
    return joint.state_dict()


def model_of(weights: Weights) -> str:
    """Return which model the weights are of: `network`, `trees`, or `joint`."""
    has_trees, has_network = (
        any(name.startswith(f"model.{part}.") for name in weights) for part in ("ensemble", "autoencoder")
    )
    return ("joint" if has_network else "trees") if has_trees else "network"


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
    """Return what the endpoint runs, in evaluation mode: float32 `[N, F]` -> outputs and embedding.

    How unlike training a record is, is told by its features, standardised: how far they are from the usual ones and
    from what they have in common, and how rare its categories are.
    """
    return Serving(module.model, module.objective, temperature, _whole_view).eval()


def raw(module: RecordModule | TreeModule, inputs: torch.Tensor) -> torch.Tensor:
    """Return `[N, width]`, in evaluation mode: what `serving` makes outputs of."""
    numbers: torch.Tensor = module.model.eval()(inputs)
    return numbers


def costs(data: "PreparedData[Input]", split: "Split") -> NDArray[np.float64] | None:
    """Return the amounts of the records `[N]`: to miss one that is positive costs its amount; None: there are none."""
    return None if data.input["amount_feature"] is None else np.asarray(data.array(split, "amounts"))


class _WholeView(nn.Module):
    """A view, and how many numbers are missing that never are in training, `[N, width + 1]`.

    In it nothing is farther away than 32 bits tell of its products.
    """

    always: torch.Tensor

    def __init__(self, layout: FeatureLayout, examples: NDArray[np.float32]) -> None:
        super().__init__()
        self.view = View(layout, examples, left_out=())
        there = ~np.isnan(examples[:, : layout.numbers]).any(axis=0)
        self.register_buffer("always", torch.from_numpy(np.flatnonzero(there)))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the view."""
        missing = torch.isnan(inputs[:, self.always]).to(torch.float32).sum(dim=1, keepdim=True)
        return torch.cat([self.view(inputs).clamp(-_FARTHEST, _FARTHEST), _UNHEARD_OF * missing], dim=1)


def _whole_view(data: "PreparedData[Input]") -> _WholeView:
    return _WholeView(FeatureLayout.of(data.input), np.array(_spread(data.inputs("train"))))


def _unlabelled(view: View, config: "Train", objective: "Objective") -> RecordModule | TreeModule:
    """Return the module that learns from no label."""
    model = str(config.model)  # `joint` is none that a user writes
    if model == "trees":
        return TreeModule(IsolationModel(view), objective)
    autoencoder = Autoencoder(view, config.width, config.code)
    if model == "joint":
        return TreeModule(JointModel(view, autoencoder), objective)
    return RecordModule(RecordModel(None, None, autoencoder), config, objective, labelled=1.0)


def _cuts(layout: FeatureLayout, data: "PreparedData[Input]", labelled: NDArray[np.int64]) -> list[tuple[int, float]]:
    """Return where labelled records are cut: index of the number and value."""
    indices = _spread(labelled)
    examples, labels = data.inputs("train")[indices], data.labels("train")[indices]
    return [(index, cut) for index in range(layout.numbers) for cut in label_cuts(examples[:, index], labels)]


def _spread(rows: NDArray[Any]) -> NDArray[Any]:
    """Return at most `_SAMPLE` of the rows, evenly spread."""
    return rows[:: ceil(len(rows) / _SAMPLE)]

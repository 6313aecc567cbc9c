"""The LightningModule: loss, metrics, optimizer and schedule."""

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from components.kinds.image.learner.muon import Muon
from components.kinds.image.learner.network import Network, Preprocessing, Serving
from components.kinds.objective_module import ObjectiveModule

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.image.params import Train

_WARM_UP = 0.25  # part of the steps in which the learning rate rises
_AVERAGED = 20.0  # steps that the running statistics of a batch norm average, over the length of a short training
_FASTEST = 0.5  # momentum of those statistics, at most
_STEEP = 0.05  # of the rest's learning rate, where the gradient of the loss has no bound
_REST = 10.0  # learning rate of norms and head, in those of kernels, whose steps have a fixed length


class PictureModule(ObjectiveModule):
    """Trains a network by Muon on one linear cycle (Smith 2018)."""

    def __init__(self, network: Network, preprocessing: Preprocessing, config: "Train", objective: "Objective") -> None:
        super().__init__(objective)
        self.network = network
        self.preprocessing = preprocessing
        self.config = config

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the head's numbers `[N, width]` of uint8 `[N, H, W, C]`."""
        raw: Tensor = self.network(self.preprocessing(pictures))
        return raw

    def loss(self, pictures: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of one batch, of labels that are smoothed."""
        return self.objective.loss(self(pictures).float(), labels, self.config.label_smoothing)

    def raw(self, pictures: Tensor) -> Tensor:
        """Return the head's numbers, answered as the endpoint will."""
        return self.serving().raw(pictures)

    def serving(self, temperature: float = 1.0) -> Serving:
        """Return what the endpoint runs, around this very network."""
        return Serving(self.preprocessing, self.network, self.objective, self.config.views, temperature)

    def configure_optimizers(self) -> Any:
        """Return Muon, its learning rate rising and falling once over all steps."""
        optimizer = Muon(_groups(self.network, self.config, self.objective), self.config.momentum)
        steps = int(self.trainer.estimated_stepping_batches)
        _follow(self.network, steps)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, partial(one_cycle, steps=steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def _follow(network: nn.Module, steps: int) -> None:
    """Have the running statistics of batch norms follow faster where fewer than 200 steps would leave them behind."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = min(_FASTEST, max(part.momentum or 0.0, _AVERAGED / steps))


def one_cycle(step: int, steps: int) -> float:
    """Return the share of the peak learning rate at `step` of `steps`: a quarter of them up, then down to nothing."""
    peak = _WARM_UP * steps
    return min((step + 1) / (peak + 1), (steps - step) / (steps - peak))


def _groups(network: nn.Module, config: "Train", objective: "Objective") -> list[dict[str, Any]]:
    """Return two parameter groups: kernels, and the rest (norms, the head), which do not decay.

    Where the loss is steeper the farther off it is, as of numbers, the rest takes smaller steps.
    """
    rate, parameters = config.learning_rate, list(network.parameters())
    rest = _REST * rate * (1.0 if objective.bounded else _STEEP)
    kernels = {"lr": rate, "weight_decay": config.weight_decay, "orthogonal": True}
    return [
        {"params": [weights for weights in parameters if weights.ndim == 4], **kernels},
        {"params": [weights for weights in parameters if weights.ndim != 4], "lr": rest},
    ]

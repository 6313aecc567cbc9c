"""The LightningModule of a pretrained network."""

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from components.kinds.image.learner.lightning_module import one_cycle
from components.kinds.image.learner.network import Preprocessing, Serving
from components.kinds.image.learner.pretrained.network import PretrainedNetwork, batch_for
from components.kinds.objective_module import ObjectiveModule

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.image.params import Train

_HEAD = 10.0  # learning rate of the head, which begins anew, in those of the rest
_STEEP = 0.2  # of the learning rates, where the gradient of the loss has no bound
_DROPPED = 0.2  # of the features while the head learns, as in the backbone's own training


class PretrainedModule(ObjectiveModule):
    """Trains what `tune` says by AdamW on one linear cycle; takes pictures, or what the part that stays makes of them.

    Pictures are uint8 `[N, H, W, 3]`.
    """

    def __init__(
        self, network: PretrainedNetwork, preprocessing: Preprocessing, config: "Train", objective: "Objective"
    ) -> None:
        super().__init__(objective)
        self.network = network
        self.preprocessing = preprocessing
        self.config = config

    def loss(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of one batch, of labels that are smoothed."""
        return self.objective.loss(self.learning(inputs), labels, self.config.label_smoothing)

    def learning(self, inputs: Tensor) -> Tensor:
        """Return the head's numbers as it learns, a part of the features dropped."""
        kept = self.network.kept(self.preprocessing(inputs)) if inputs.dtype == torch.uint8 else inputs.float()
        features = functional.dropout(self.network.learned(kept), _DROPPED, training=self.training)
        numbers: Tensor = self.network.head(features).float()
        return numbers

    def raw(self, inputs: Tensor) -> Tensor:
        """Return the head's numbers, answered as the endpoint will."""
        if inputs.dtype == torch.uint8:
            serving = self.serving()
            return torch.cat([serving.raw(some) for some in torch.split(inputs, batch_for(self.network.side))])
        numbers: Tensor = self.network.head(self.network.learned(inputs.float()))
        return numbers

    def serving(self, temperature: float = 1.0) -> Serving:
        """Return what the endpoint runs, around this very network."""
        return Serving(self.preprocessing, self.network, self.objective, self.config.views, temperature)

    def configure_optimizers(self) -> Any:
        """Return AdamW (Loshchilov and Hutter 2017), its learning rate rising and falling once over all steps."""
        rate = self.config.learning_rate * (1.0 if self.objective.bounded else _STEEP)
        rest = [weights for weights in self.network.backbone.parameters() if weights.requires_grad]
        groups = [{"params": list(self.network.head.parameters()), "lr": _HEAD * rate}]
        groups += [{"params": rest, "lr": rate}] if rest else []
        optimizer = torch.optim.AdamW(
            groups, betas=(self.config.momentum, 0.999), weight_decay=self.config.weight_decay
        )
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, partial(one_cycle, steps=steps))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

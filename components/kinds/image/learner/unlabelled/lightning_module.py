"""The LightningModules that learn from pictures without labels as well; their weights are those of the others."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from components.kinds.image.learner.lightning_module import PictureModule
from components.kinds.image.learner.network import Network, Preprocessing
from components.kinds.image.learner.pretrained.lightning_module import PretrainedModule
from components.kinds.image.learner.pretrained.network import PretrainedNetwork
from components.kinds.image.learner.unlabelled.fixmatch import FixMatch

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.image.params import Train

_GUESSED = "guessed"


class UnlabelledPictureModule(PictureModule):
    """A fresh network; labels are not smoothed, so that it may become sure."""

    def __init__(
        self, network: Network, preprocessing: Preprocessing, config: "Train", objective: "Objective", shares: Tensor
    ) -> None:
        super().__init__(network, preprocessing, config, objective)
        self.fixmatch = FixMatch(objective, shares)

    def loss(self, pictures: Tensor, labels: Tensor, weak: Tensor, strong: Tensor) -> Tensor:  # type: ignore[override]
        """Return the loss of one batch, `[N, ...]` with labels `[N]`, and others seen twice, `[M, ...]`."""
        raw = self(torch.cat([pictures, weak, strong])).float()
        return _both(self.fixmatch, self.objective, raw, labels)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what was guessed."""
        checkpoint[_GUESSED] = self.fixmatch.guessed

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on from there."""
        self.fixmatch.guessed = checkpoint[_GUESSED]


class UnlabelledPretrainedModule(PretrainedModule):
    """A pretrained network; labels are not smoothed, so that it may become sure."""

    def __init__(
        self,
        network: PretrainedNetwork,
        preprocessing: Preprocessing,
        config: "Train",
        objective: "Objective",
        shares: Tensor,
    ) -> None:
        super().__init__(network, preprocessing, config, objective)
        self.fixmatch = FixMatch(objective, shares)

    def loss(self, inputs: Tensor, labels: Tensor, weak: Tensor, strong: Tensor) -> Tensor:  # type: ignore[override]
        """Return the loss of one batch, `[N, ...]` with labels `[N]`, and others seen twice, `[M, ...]`."""
        raw = self.learning(torch.cat([inputs, weak, strong]))
        return _both(self.fixmatch, self.objective, raw, labels)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what was guessed."""
        checkpoint[_GUESSED] = self.fixmatch.guessed

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on from there."""
        self.fixmatch.guessed = checkpoint[_GUESSED]


def _both(fixmatch: FixMatch, objective: "Objective", raw: Tensor, labels: Tensor) -> Tensor:
    """Return the sum of both losses, of the head's numbers `[N + 2 M, width]`."""
    labelled, others = raw[: len(labels)], raw[len(labels) :]
    weak, strong = others.chunk(2)
    return objective.loss(labelled, labels) + fixmatch.loss(weak, strong)

"""What serves where trees do: the ensemble in the place of the network, or of its autoencoder, or beside that."""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from components.kinds.table.learner.autoencoder import Autoencoder, View
from components.kinds.table.learner.encoding import Standard
from components.kinds.table.learner.trees.ensemble import TreeEnsemble

if TYPE_CHECKING:
    from components.kinds.contract import Objective

_LEAST = 1e-6
"""Error at which the logarithm ends."""


class TreeModel(nn.Module):
    """Features float32 `[N, F]` -> what a network's head would say, float32 `[N, width]`."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view, self.ensemble = view, TreeEnsemble()

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the sums of the trees."""
        raw: Tensor = self.ensemble(inputs)
        return raw

    def scored(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sums, and the features standardised: trees make nothing else of them to tell records apart by."""
        return self(inputs), self.view(inputs)

    @property
    def width(self) -> int:
        """How many standardised features there are."""
        return self.view.width


class IsolationModel(TreeModel):
    """Features float32 `[N, F]` -> how easily a record is told apart from all others, `[N, 1]`, 0 to 1."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the forest's score."""
        scores: Tensor = torch.exp(self.ensemble(self.view(inputs)))
        return scores


class JointModel(IsolationModel):
    """Features float32 `[N, F]` -> how unusual a forest and an autoencoder find a record together, `[N, 1]`, 0 to 1.

    It is the mean of both, each in the unit of its spread over the training split: of the error the logarithm.
    """

    def __init__(self, view: View, autoencoder: Autoencoder) -> None:
        super().__init__(view)
        self.autoencoder, self.standard = autoencoder, Standard(np.zeros((1, 2), dtype=np.float32))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the score."""
        return self.scored(inputs)[0]

    def scored(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the score, and the code of the autoencoder."""
        both, code = self._both(inputs)
        mean = self.standard(both).mean(dim=1, keepdim=True)
        return 0.5 + 0.5 * mean / (1.0 + mean.abs()), code

    @torch.inference_mode()
    def measure(self, inputs: Tensor) -> None:
        """Fit the units to records of the training split, `[n, F]`."""
        self.standard = Standard(self._both(inputs)[0].numpy())

    @property
    def width(self) -> int:
        """How many numbers the code has."""
        return self.autoencoder.code

    def _both(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        error, code = self.autoencoder(inputs)
        return torch.stack([torch.log(error + _LEAST), super().forward(inputs)[:, 0]], dim=1), code


class TreeModule(nn.Module):
    """A model that has trees, and the objective that makes outputs of what it says; the trees come with the weights."""

    def __init__(self, model: TreeModel, objective: "Objective") -> None:
        super().__init__()
        self.model, self.objective = model, objective

"""What serves where trees do: the ensemble in the place of the network."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from components.kinds.table.learner.autoencoder import View
from components.kinds.table.learner.encoding import FeatureLayout
from components.kinds.table.learner.trees.ensemble import TreeEnsemble

if TYPE_CHECKING:
    from components.kinds.contract import Objective


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


class TreeModule(nn.Module):
    """A model of trees, and the objective that makes outputs of its sums."""

    def __init__(self, layout: FeatureLayout, examples: NDArray[np.float32], objective: "Objective") -> None:
        """Fit the view of the features to `[n, F]` training examples; the trees come with the weights."""
        super().__init__()
        self.model, self.objective = TreeModel(View(layout, examples, left_out=())), objective

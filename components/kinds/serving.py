"""What an endpoint runs of a network: examples -> the objective's outputs, and the embedding."""

from typing import TYPE_CHECKING, Protocol

from torch import Tensor, nn

from components.kinds.embedding import Embedding

if TYPE_CHECKING:
    from components.kinds.contract import Objective


class Model(Protocol):
    """A network that tells what its head is given; a `nn.Module`."""

    @property
    def width(self) -> int:
        """How many features the head is given."""

    def scored(self, inputs: Tensor, /) -> tuple[Tensor, Tensor]:
        """Return the head's numbers, and what the head was given, `[N, width]`."""


class Serving(nn.Module):
    """Examples `[N, ...]` -> outputs `[N, K]` and embedding `[N, E]`, float32."""

    def __init__(self, model: Model, objective: "Objective", temperature: float) -> None:
        super().__init__()
        self.model, self.objective, self.temperature = model, objective, temperature
        self.embedding = Embedding(model.width)

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs and the embedding."""
        raw, features = self.model.scored(inputs)
        return self.objective.outputs(raw, self.temperature), self.embedding(features)

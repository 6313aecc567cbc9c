"""What an endpoint runs of a network: examples -> outputs, embedding, and how unlike training each is."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from torch import Tensor, nn

from components.kinds.embedding import Embedding
from components.kinds.unfamiliar import Unfamiliarity

if TYPE_CHECKING:
    from components.kinds.contract import Objective
    from components.kinds.prepared import PreparedData


class Model(Protocol):
    """A network that tells what its head is given; a `nn.Module`."""

    @property
    def width(self) -> int:
        """How many features the head is given."""

    def scored(self, inputs: Tensor, /) -> tuple[Tensor, Tensor]:
        """Return the head's numbers, and what the head was given, `[N, width]`."""


class Serving(nn.Module):
    """Examples `[N, ...]` -> outputs `[N, K]` and embedding `[N, E]`, float32.

    Once that has been measured there is a third output `[N]`, how unlike training each is.
    """

    def __init__(
        self,
        model: Model,
        objective: "Objective",
        temperature: float,
        view: "Callable[[PreparedData], nn.Module] | None" = None,
    ) -> None:
        """Take what it runs.

        Args:
            model: the network.
            objective: what the head has learned.
            temperature: by which logits are divided.
            view: makes, by a data set, what examples are seen by to tell how unlike training they are, `[N, ...]` to
                `[N, D]`; None: that is told by what the head is given, and of logits by their energy.
        """
        super().__init__()
        self.model, self.objective, self.temperature = model, objective, temperature
        self.embedding = Embedding(model.width)

        self._make_view = view
        self.view: nn.Module | None = None
        self.unfamiliarity: nn.Module | None = None
        """The head's numbers, and features -> how unlike training; a kind may have its own."""

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs, the embedding and, if it is told, how unlike training each is."""
        raw, features = self.model.scored(inputs)
        answered = self.objective.outputs(raw, self.temperature), self.embedding(features)
        if self.unfamiliarity is None:
            return answered
        return *answered, self.unfamiliarity(raw, [features if self.view is None else self.view(inputs)])

    def measure_unfamiliarity(self, data: "PreparedData") -> None:
        """Tell from now on how unlike training an example is."""
        self.view = None if self._make_view is None else self._make_view(data)
        logits = self.view is None and self.objective.calibrated
        self.unfamiliarity = Unfamiliarity.measured(data, logits, self._seen)

    def _seen(self, inputs: Tensor) -> tuple[Tensor, list[Tensor]]:
        raw, features = self.model.scored(inputs)
        return raw, [features if self.view is None else self.view(inputs)]

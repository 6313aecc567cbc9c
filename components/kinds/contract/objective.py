"""How a task is learned, on top of what a kind makes of its examples: a kind is told, and knows no task."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from components.kinds.deciding import Deciding

if TYPE_CHECKING:
    from torch import Tensor


class Objective(Protocol):
    """What the head of a network learns, fitted to the labels of the training split.

    `raw` are the head's numbers, `[N, width]`, before anything is made of them: of a classification its logits.
    """

    MONITOR: str
    """What is logged each epoch of the validation split; higher is better."""
    supervised: bool
    """Whether labels are learned from. Else the kind's own model says how unusual an example is, in `raw`."""
    calibrated: bool
    """Whether its outputs are probabilities, which a temperature corrects."""
    bounded: bool
    """Whether the gradient of the loss has a bound, as that of a cross-entropy has, and a squared error's has not."""
    unusual_is_positive: bool
    """Whether an unusual example is rather positive: then it is evidence to begin with, which labels correct."""

    @property
    def width(self) -> int:
        """Numbers that the head gives of an example."""

    @property
    def prior(self) -> NDArray[np.float32]:
        """What the head says before it has learned, `[width]`."""

    def loss(self, raw: "Tensor", labels: "Tensor", smoothing: float = 0.0, /) -> "Tensor":
        """Return the mean loss of the examples `[N, width]` whose label `[N]` is known; 0 where none is.

        `smoothing` is the part of a label that is spread over all classes.
        """

    def outputs(self, raw: "Tensor", temperature: float = 1.0, /) -> "Tensor":
        """Return what the graph answers, `[N, K]`, its logits divided by the temperature."""

    def monitored(self, outputs: NDArray[np.float32], labels: NDArray[Any], /) -> float:
        """Return `MONITOR` of a split, from its outputs `[N, K]` and labels `[N]`."""

    def temperature(self, raw: NDArray[np.float32], labels: NDArray[Any], /) -> float | None:
        """Return the temperature that a split asks for; None: there is none, or too few labels tell it."""

    def deciding(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None, /
    ) -> Deciding | None:
        """Return the metric that decides, of a split not learned from; None: its labels do not tell; as `decision`."""

    def decision(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None, /
    ) -> dict[str, Any]:
        """Return what is best to decide by, from a split that the model did not learn from.

        Args:
            outputs: `[N, K]`, at the temperature.
            labels: `[N]`.
            costs: `[N]`, what each example costs if it is positive and missed; None: 1.
        """


class SupervisedObjective(Objective, Protocol):
    """One that learns from labels: a split that has any tells which of two models is better."""

    def deciding(
        self, outputs: NDArray[np.float32], labels: NDArray[Any], costs: NDArray[np.float64] | None, /
    ) -> Deciding:
        """Return the metric that decides, of a split that the models did not learn from; as `decision`."""


class NumberObjective(SupervisedObjective, Protocol):
    """One whose labels are numbers: every number of the head is learned from the same labels, by its own loss."""

    @property
    def quantiles(self) -> Sequence[float | None]:
        """Which quantile of the labels each learns, 0 to 1, `[width]`; None: the mean."""

    def standardised(self, labels: NDArray[np.float64], /) -> NDArray[np.float64]:
        """Return known labels `[n]` in the unit of the head's numbers."""

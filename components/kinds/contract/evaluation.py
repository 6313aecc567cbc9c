"""`evaluation/`: what a kind knows of evaluating a model of its data, whatever is asked of it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from components.kinds.contract.codec import Score
from components.kinds.contract.parameters import ConfigT, InputT
from components.kinds.evaluation import BaselineFeatures, Behaviour, Column, Corruption, Leak, Mask
from components.kinds.prepared import PreparedData, Split

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Float32 = NDArray[np.float32]


class Evaluated(Protocol):
    """A model that is asked how it behaves: it runs, and the task says what its outputs `[N, K]` mean."""

    @property
    def score(self) -> Score:
        """Runs the model, `[N, ...]` to `[N, K]`."""

    def same(self, before: Float32, after: Float32, /) -> Mask:
        """Return which answers `[N]` are still the same, from outputs before and after a change."""

    def right(self, outputs: Float32, labels: NDArray[Any], /) -> Mask | None:
        """Return which outputs answer their labels `[N]` rightly; None: the task knows no right and wrong."""

    def surety(self, outputs: Float32, before: Float32, /) -> Float32 | None:
        """Return how sure each output is of what it was taken for before, `[N]`; None: not asked."""

    def suspicion(self, outputs: Float32, /) -> Float32 | None:
        """Return how suspicious each output is, `[N]`; None: the task suspects nothing."""


class Inspection(Protocol[InputT, ConfigT]):
    """`evaluation/`. `config` is the section `train` of the workload."""

    def accepts(self, input: InputT, data: PreparedData[InputT], /) -> bool:
        """Whether a bundle that says `input` of its examples can answer those of `data`, which may be newer."""

    def baseline_features(self, data: PreparedData[InputT], config: ConfigT, /) -> BaselineFeatures:
        """Return simple features of the examples, from which a task's baseline learns."""

    def costs(self, data: PreparedData[InputT], split: Split, /) -> NDArray[np.float64] | None:
        """Return what each example of a split costs if it is positive and missed, `[N]`; None: 1."""

    def ranked(self, data: PreparedData[InputT], scores: NDArray[np.floating], /) -> dict[str, float]:
        """Return what the kind measures of how suspicious the test examples are, `[N]`; nothing, mostly."""

    def figures(
        self,
        data: PreparedData[InputT],
        answers: Sequence[str],
        labels: Sequence[str],
        wrong: NDArray[np.floating],
        /,
    ) -> "dict[str, Figure]":
        """Return figures of test examples with their answers and labels in words, and how wrong each is, `[N]`."""

    def corruptions(self, data: PreparedData[InputT], config: ConfigT, /) -> Mapping[str, Corruption]:
        """Return by name what may happen to an example of the data before it is seen."""

    def behaviours(self, data: PreparedData[InputT], model: Evaluated, config: ConfigT, /) -> Sequence[Behaviour]:
        """Return how often the model does what any model of the kind should."""

    def leaks(self, data: PreparedData[InputT], config: ConfigT, /) -> Sequence[Leak]:
        """Return what of the test split training has seen, or could have; each is named, found or not."""


class HeatInspection(Protocol):
    """Of a kind whose graphs may say which places of an example are unusual."""

    def heat_figures(
        self, data: PreparedData, suspicion: NDArray[np.floating], heat: NDArray[np.floating], /
    ) -> "dict[str, Figure]":
        """Return figures of the most suspicious test examples, `[N]`, with their places `[N, h, w]`."""


class ColumnInspection(Protocol):
    """Of a kind whose examples are made of columns, any of which could be left out."""

    def columns(self, data: PreparedData, /) -> Sequence[Column]:
        """Return the columns that features are made of, and what they cost; a feature belongs to one of them."""

"""`evaluation/`: what a model of a kind is measured by."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from components.kinds.contract.codec import Score
from components.kinds.contract.parameters import ConfigT, DecisionT, InputT
from components.kinds.evaluation import Behaviour, Corruption, Leak, Mask
from components.kinds.prepared import PreparedData

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Evaluation(Protocol[InputT, DecisionT, ConfigT]):
    """`evaluation/`: what a model of the kind is measured by, on the test split.

    `config` is the section `train` of the workload, `decision` the bundle's, `probabilities` the bundle's answers
    `[N, classes]` to the test split. Examples are as `prepare` left them, which is what a bundle takes.
    """

    def measure(
        self,
        data: PreparedData[InputT],
        probabilities: NDArray[np.float32],
        decision: DecisionT,
        config: ConfigT,
        /,
    ) -> dict[str, float]:
        """Return the metrics by name: `METRIC` among them and, trained and evaluated alike, `baseline_` + `METRIC`.

        The baseline is a simpler and cheaper model of another sort (`components.kinds.baseline`).
        """

    def measures(
        self,
        data: PreparedData[InputT],
        probabilities: NDArray[np.float32],
        decision: DecisionT,
        config: ConfigT,
        indices: NDArray[np.int64],
        /,
    ) -> dict[str, float]:
        """Return the metrics of the model on the test examples at `indices`, which may repeat: for a bootstrap.

        Not a number: these examples have no such metric. One that cannot be drawn again is left out.
        """

    def figures(
        self, data: PreparedData[InputT], probabilities: NDArray[np.float32], decision: DecisionT, config: ConfigT, /
    ) -> "dict[str, Figure]":
        """Return the figures of the report by their file's name."""

    def accepts(self, input: InputT, data: PreparedData[InputT], /) -> bool:
        """Whether a bundle that says `input` of its examples can answer those of `data`, which may be newer."""

    def correct(
        self, data: PreparedData[InputT], probabilities: NDArray[np.float32], decision: DecisionT, /
    ) -> Mask | None:
        """Return which test examples are answered rightly, `[N]`, where `METRIC` is their share; else None."""

    def value(
        self,
        data: PreparedData[InputT],
        probabilities: NDArray[np.float32],
        decision: DecisionT,
        config: ConfigT,
        indices: NDArray[np.int64],
        /,
    ) -> float:
        """Return `METRIC` on the test examples at `indices`, which may repeat: a bootstrap asks for many of these.

        Not a number: these examples have no such metric. It is never another one.
        """

    def slices(self, data: PreparedData[InputT], /) -> dict[str, Mask]:
        """Return parts of the test split, `[N]` each: `class: name`, and `column: value` of `prepare.slices`."""

    def slice_correct(
        self,
        data: PreparedData[InputT],
        probabilities: NDArray[np.float32],
        decision: DecisionT,
        within: NDArray[Any],
        /,
    ) -> Mask | None:
        """Return which test examples are answered rightly, `[N]`, where their share judges a slice; None: `value` does.

        `within` is the whole slice, one of `slices` or its indices: what judges it judges every draw of its examples.
        """

    def is_probabilistic(self, config: ConfigT, /) -> bool:
        """Whether the answers are probabilities at all: else there is no calibration to speak of."""

    def corruptions(self, data: PreparedData[InputT], config: ConfigT, /) -> Mapping[str, Corruption]:
        """Return by name what may happen to an example of the data before it is seen."""

    def behaviours(
        self, data: PreparedData[InputT], score: Score, decision: DecisionT, config: ConfigT, /
    ) -> Sequence[Behaviour]:
        """Return how often the model does what any model of the kind should; `score` runs it."""

    def leaks(self, data: PreparedData[InputT], config: ConfigT, /) -> Sequence[Leak]:
        """Return what of the test split training has seen, or could have; each is named, found or not."""

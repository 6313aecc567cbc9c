"""`evaluation/`: what a model is measured by, on the test split, whatever kind of data it is of."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import BaselineFeatures, Mask, Stated
from components.tasks.evaluation_data import EvaluationData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Decision = Mapping[str, Any]


class Evaluation(Protocol):
    """`evaluation/`. `outputs` are the bundle's `[N, K]` of the test split, `decision` is the bundle's."""

    def metric(self, data: EvaluationData, /) -> str:
        """Return the name of the metric that decides which of two models is better."""

    def lower_is_better(self, metric: str, /) -> bool:
        """Whether the metric is a loss or a cost."""

    def unit(self, data: EvaluationData, /) -> float:
        """Return what the gate's margins of the deciding metric count: 1, or what the labels are measured in."""

    def measures(
        self, data: EvaluationData, outputs: Float32, decision: Decision, indices: Int64, /
    ) -> dict[str, float]:
        """Return the metrics on the test examples at `indices`, which may repeat: for a bootstrap.

        Not a number: these examples have no such metric.
        """

    def whole(self, data: EvaluationData, outputs: Float32, decision: Decision, /) -> dict[str, float]:
        """Return the metrics that cannot be drawn again: they are of the whole test split."""

    def value(self, data: EvaluationData, outputs: Float32, decision: Decision, indices: Int64, /) -> float:
        """Return the deciding metric on the test examples at `indices`, which may repeat.

        Not a number: these examples have no such metric. It is never another one.
        """

    def correct(self, data: EvaluationData, outputs: Float32, decision: Decision, /) -> Mask | None:
        """Return which test examples are answered rightly, `[N]`, where the deciding metric is their share."""

    def slice_correct(
        self, data: EvaluationData, outputs: Float32, decision: Decision, within: NDArray[Any], /
    ) -> Mask | None:
        """Return which test examples are answered rightly, `[N]`, where their share judges a slice; None: `value` does.

        `within` is the whole slice, a mask or indices: what judges it judges every draw of its examples.
        """

    def slices(self, data: EvaluationData, /) -> dict[str, Mask]:
        """Return parts of the test split by the label, `[N]` each."""

    def is_probabilistic(self, config: Any, /) -> bool:
        """Whether the outputs are probabilities of classes: else there is no calibration to speak of."""

    def stated(self, data: EvaluationData, outputs: Float32, decision: Decision, /) -> Stated | None:
        """Return what the answers state of themselves beside probabilities, and where it came true; None: nothing."""

    def judges_corrupted(self, data: EvaluationData, /) -> bool:
        """Whether the deciding metric should hold where inputs are corrupted."""

    def baseline(self, data: EvaluationData, features: BaselineFeatures, /) -> Float32:
        """Return the outputs `[N, K]` of a simpler model on the test split, trained on the training split."""

    def baseline_metrics(self, data: EvaluationData, outputs: Float32, /) -> dict[str, float]:
        """Return those metrics of the baseline's outputs that need no decision, the deciding one among them.

        Without it nothing is held against the baseline.
        """

    def figures(
        self, data: EvaluationData, outputs: Float32, decision: Decision, baseline: Float32, /
    ) -> "dict[str, Figure]":
        """Return the figures of the report by their file's name."""

    def same(self, before: Float32, after: Float32, decision: Decision, data: EvaluationData, /) -> Mask:
        """Return which answers `[N]` are still the same, from outputs `[N, K]` before and after a change."""

    def right(self, outputs: Float32, decision: Decision, labels: NDArray[Any], /) -> Mask | None:
        """Return which outputs `[n, K]` answer their labels `[n]` rightly; None: the task knows no right and wrong."""

    def suspicion(self, outputs: Float32, /) -> Float32 | None:
        """Return how suspicious each of `[N, K]` is, `[N]`; None: the task suspects nothing."""

    def surety(self, outputs: Float32, before: Float32, /) -> Float32 | None:
        """Return how sure each of `[N, K]` is of what it was taken for `before`, `[N]`; None: not asked."""

    def shown(
        self, data: EvaluationData, outputs: Float32, decision: Decision, /
    ) -> tuple[Sequence[str], Sequence[str], NDArray[np.floating]]:
        """Return of each test example its answer and its label in words, and how wrong the answer is, `[N]` each.

        An answer that is right is wrong by 0 or less.
        """

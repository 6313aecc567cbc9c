"""One evaluation: what is asked, and one model's answers to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.config.gate import Gate
from components.config.params import Training
from components.inference.bundle import Bundle, Scored
from components.kinds.evaluation import Behaviour, Mask, Stated
from components.kinds.prepared import PreparedData
from components.registry.gate.evidence import Scale
from components.tasks.evaluation import TaskEvaluation

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class EvaluationSpec:
    """What both models are asked."""

    evaluation: TaskEvaluation
    data: PreparedData
    config: Training
    gate: Gate
    metric: str
    """Name of the deciding metric."""

    @cached_property
    def scale(self) -> Scale:
        """What the deciding metric is measured in."""
        unit = self.evaluation.unit(self.data, self.config)
        return Scale(unit, self.evaluation.lower_is_better(self.metric))


@dataclass(frozen=True)
class Predictions:
    """One model, and its answers to the test split."""

    spec: EvaluationSpec
    bundle: Bundle
    outputs: NDArray[np.float32]
    """`[N, K]`."""
    unfamiliar: NDArray[np.float32] | None = None
    """How unlike training it finds each test example, `[N]`; None: it cannot tell."""
    known: Mask | None = None
    """Test examples of classes that it knows, `[N]`; None: it knows all of them."""
    decides_by: Mapping[str, Any] | None = None
    """What it decides by, if that is not what the bundle says; an array in it holds a number for each example."""

    def of_known_classes(self, indices: Int64) -> Int64:
        """Return those of the test examples at `indices` whose class it knows."""
        return indices if self.known is None else indices[self.known[indices]]

    def value(self, indices: Int64) -> float:
        """Return the deciding metric on the test examples at `indices`, `[n]`, which may repeat."""
        spec = self.spec
        return spec.evaluation.value(spec.data, self.outputs, self.decision, spec.config, indices)

    def merit(self, indices: Int64) -> float:
        """Return the deciding metric, a loss or a cost times -1: more is better."""
        return -self.value(indices) if self.spec.scale.lower_is_better else self.value(indices)

    def measures(self, indices: Int64) -> dict[str, float]:
        """Return every metric on the test examples at `indices`, `[n]`, which may repeat."""
        spec = self.spec
        return spec.evaluation.measures(spec.data, self.outputs, self.decision, spec.config, indices)

    def correct(self) -> Mask | None:
        """Return which answers are correct, `[N]`, where the deciding metric is their mean."""
        return self.spec.evaluation.correct(self.spec.data, self.outputs, self.decision, self.spec.config)

    def slice_correct(self, indices: Int64) -> Mask | None:
        """Return which answers are correct, `[N]`, where the slice at `indices` is judged by their mean; else None."""
        return self.spec.evaluation.slice_correct(
            self.spec.data, self.outputs, self.decision, self.spec.config, indices
        )

    def slice_value(self, indices: Int64) -> float:
        """Return what the slice at `indices`, `[n]`, is judged by."""
        correct = self.slice_correct(indices)
        return self.value(indices) if correct is None else float(correct[indices].mean())

    def stated(self) -> Stated | None:
        """Return what its answers state of themselves beside probabilities; None: nothing."""
        spec = self.spec
        return spec.evaluation.stated(spec.data, self.outputs, self.decision, spec.config)

    def behaviours(self) -> Sequence[Behaviour]:
        """Return how it behaves."""
        spec = self.spec
        return spec.evaluation.behaviours(spec.data, self.bundle.outputs, self.decision, spec.config)

    @property
    def flagged(self) -> Mask | None:
        """Return which test examples it flags as unfamiliar, `[N]`; None: it cannot tell."""
        return None if self.unfamiliar is None else self.bundle.flags(Scored(self.outputs, self.unfamiliar))

    @property
    def decision(self) -> Mapping[str, Any]:
        """What it decides by."""
        return self.bundle.about.decision if self.decides_by is None else self.decides_by


def predict(spec: EvaluationSpec, bundle: Bundle) -> Predictions:
    """Have the bundle answer the test split."""
    found = bundle.scored(spec.data.inputs("test"))
    return Predictions(spec, bundle, found.outputs, found.unfamiliar)

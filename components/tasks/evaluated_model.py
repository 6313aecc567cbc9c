"""A model that is evaluated, as a kind sees it that asks how it behaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.kinds.evaluation import Mask
from components.tasks.evaluation_data import EvaluationData

if TYPE_CHECKING:
    from components.kinds.contract import Score
    from components.tasks.contract import Evaluation

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class EvaluatedModel:
    """Runs the model, and says by the task what its outputs mean."""

    score: "Score"
    task: "Evaluation"
    data: EvaluationData
    decision: Mapping[str, Any]

    def same(self, before: Float32, after: Float32) -> Mask:
        """Return which answers `[N]` are still the same, from outputs `[N, K]` before and after a change."""
        return self.task.same(before, after, self.decision, self.data)

    def right(self, outputs: Float32, labels: NDArray[Any]) -> Mask | None:
        """Return which outputs `[n, K]` answer their labels `[n]` rightly; None: the task knows no right and wrong."""
        return self.task.right(outputs, self.decision, labels)

    def surety(self, outputs: Float32, before: Float32) -> Float32 | None:
        """Return how sure each of `[N, K]` is of what it was taken for before, `[N]`; None: not asked."""
        return self.task.surety(outputs, before)

    def suspicion(self, outputs: Float32) -> Float32 | None:
        """Return how suspicious each of `[N, K]` is, `[N]`; None: the task suspects nothing."""
        return self.task.suspicion(outputs)

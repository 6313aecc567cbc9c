"""A kind and a task together: what a model is measured by, and how it behaves on data of the kind."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from components.kinds.baseline import limit_threads, prefixed
from components.kinds.evaluation import Behaviour, Column, Corruption, Leak, Mask, Stated
from components.kinds.prepared import PreparedData
from components.kinds.slices import read_slices
from components.tasks.evaluated_model import EvaluatedModel
from components.tasks.evaluation_data import EvaluationData

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from components.kinds.contract import Inspection, Score
    from components.kinds.contract.evaluation import HeatInspection
    from components.tasks.contract import Evaluation

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Decision = Mapping[str, Any]


class TaskEvaluation:
    """What a model is measured by, on the test split.

    `config` is the section `train` of the workload, `decision` the bundle's, `outputs` the bundle's answers `[N, K]` to
    the test split. A decision may hold an array `[N]`: a number for each example. Examples are as `prepare` left them,
    which is what a bundle takes.
    """

    def __init__(self, kind: "Inspection", task: "Evaluation") -> None:
        self._kind, self._task = kind, task
        self.lower_is_better, self.is_probabilistic = task.lower_is_better, task.is_probabilistic
        self.accepts = kind.accepts
        self._trained: tuple[PreparedData, Any, Float32] | None = None

    def metric(self, data: PreparedData, config: Any) -> str:
        """Return the name of the metric that decides which of two models is better."""
        return self._task.metric(self._asked(data, config))

    def measure(self, data: PreparedData, outputs: Float32, decision: Decision, config: Any) -> dict[str, float]:
        """Return the metrics by name: the deciding one among them, and the baseline's with `baseline_` before them.

        The baseline is a simpler and cheaper model of another sort (`components.kinds.baseline`).
        """
        asked, every = self._asked(data, config), np.arange(len(outputs))
        baseline = self.baseline(data, config)
        found = self._task.measures(asked, outputs, decision, every) | self._task.whole(asked, outputs, decision)
        theirs = self._task.baseline_metrics(asked, baseline)
        labelled = not data.classes or bool((asked.labels == 1).any())
        for metrics, answered in ((found, outputs), (theirs, baseline)):
            if labelled and (scores := self._task.suspicion(answered)) is not None:
                metrics |= self._kind.ranked(data, scores)
        return found | prefixed(theirs)

    def measures(
        self, data: PreparedData, outputs: Float32, decision: Decision, config: Any, indices: Int64
    ) -> dict[str, float]:
        """Return the metrics of the model on the test examples at `indices`, which may repeat: for a bootstrap.

        Not a number: these examples have no such metric. One that cannot be drawn again is left out.
        """
        return self._task.measures(self._asked(data, config), outputs, _at(decision, indices), indices)

    def figures(self, data: PreparedData, outputs: Float32, decision: Decision, config: Any) -> "dict[str, Figure]":
        """Return the figures of the report by their file's name."""
        asked = self._asked(data, config)
        drawn = self._task.figures(asked, outputs, decision, self.baseline(data, config))
        return drawn | self._kind.figures(data, *self._task.shown(asked, outputs, decision))

    def heat_figures(self, data: PreparedData, outputs: Float32, heat: Float32) -> "dict[str, Figure]":
        """Return figures of which places are unusual, `heat` `[N, h, w]`, in the most suspicious test examples."""
        suspicion = self._task.suspicion(outputs)
        kind = cast("HeatInspection", self._kind)
        return {} if suspicion is None else kind.heat_figures(data, suspicion, heat)

    def correct(self, data: PreparedData, outputs: Float32, decision: Decision, config: Any) -> Mask | None:
        """Return which test examples are answered rightly, `[N]`, where the deciding metric is their share."""
        return self._task.correct(self._asked(data, config), outputs, decision)

    def value(self, data: PreparedData, outputs: Float32, decision: Decision, config: Any, indices: Int64) -> float:
        """Return the deciding metric on the test examples at `indices`, which may repeat.

        Not a number: these examples have no such metric. It is never another one.
        """
        return self._task.value(self._asked(data, config), outputs, _at(decision, indices), indices)

    def unit(self, data: PreparedData, config: Any) -> float:
        """Return what the gate's margins of the deciding metric count: 1, or what the labels are measured in."""
        return self._task.unit(self._asked(data, config))

    def slices(self, data: PreparedData, config: Any) -> dict[str, Mask]:
        """Return parts of the test split, `[N]` each: by the label, and `column: value` of `prepare.slices`."""
        return self._task.slices(self._asked(data, config)) | read_slices(data)

    def slice_correct(
        self, data: PreparedData, outputs: Float32, decision: Decision, config: Any, within: NDArray[Any]
    ) -> Mask | None:
        """Return which test examples are answered rightly, `[N]`, where their share judges a slice; None: `value` does.

        `within` is the whole slice, one of `slices` or its indices: what judges it judges every draw of its examples.
        """
        return self._task.slice_correct(self._asked(data, config), outputs, decision, within)

    def stated(self, data: PreparedData, outputs: Float32, decision: Decision, config: Any) -> Stated | None:
        """Return what the answers state of themselves beside probabilities, and where it came true; None: nothing."""
        return self._task.stated(self._asked(data, config), outputs, decision)

    def corruptions(self, data: PreparedData, config: Any) -> Mapping[str, Corruption]:
        """Return by name what may happen to an example of the data before it is seen.

        Nothing where the deciding metric says nothing of corrupted examples.
        """
        judged = self._task.judges_corrupted(self._asked(data, config))
        return self._kind.corruptions(data, config) if judged else {}

    def behaviours(self, data: PreparedData, score: "Score", decision: Decision, config: Any) -> Sequence[Behaviour]:
        """Return how often the model does what any model of the kind should; `score` runs it."""
        model = EvaluatedModel(score, self._task, self._asked(data, config), decision)
        return self._kind.behaviours(data, model, config)

    def leaks(self, data: PreparedData, config: Any) -> Sequence[Leak]:
        """Return what of the test split training has seen, or could have; each is named, found or not."""
        return self._kind.leaks(data, config)

    def columns(self, data: PreparedData, config: Any) -> Sequence[Column]:
        """Return the columns that examples are made of, with what they cost; nothing where they are made of none.

        Nothing either where the deciding metric says nothing of examples that were changed.
        """
        columns: Callable[[PreparedData], Sequence[Column]] | None = getattr(self._kind, "columns", None)
        return columns(data) if columns and self._task.judges_corrupted(self._asked(data, config)) else ()

    def baseline(self, data: PreparedData, config: Any) -> Float32:
        """Return the baseline's outputs on the test split, trained once for every bundle that is measured."""
        if self._trained is None or self._trained[0] is not data or self._trained[1] != config:
            with limit_threads(config):
                features = self._kind.baseline_features(data, config)
                self._trained = data, config, self._task.baseline(self._asked(data, config), features)
        return self._trained[2]

    def baseline_measures(self, data: PreparedData, outputs: Float32, config: Any) -> dict[str, float]:
        """Return the metrics of a baseline's outputs `[N, K]` on the test split: those that need no decision."""
        return self._task.baseline_metrics(self._asked(data, config), outputs)

    def _asked(self, data: PreparedData, config: Any) -> EvaluationData:
        return EvaluationData(data, config, self._kind.costs(data, "test"))


def _at(decision: Decision, indices: Int64) -> Decision:
    """Return the decision at `indices`: an array in it holds the one of each example, as models of several folds do."""
    return {name: found[indices] if isinstance(found, np.ndarray) else found for name, found in decision.items()}

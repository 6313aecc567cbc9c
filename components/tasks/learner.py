"""A kind and a task together: what the training loop and the export take, whatever both are."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from components.kinds.contract import Batches, Learner, Objective, TrainingBatches
    from components.kinds.contract.learner import FittedLearner, JoinedLearner, UnlabelledLearner
    from components.kinds.prepared import PreparedData, Split
    from components.tasks.contract import Objectives

    Weights = Mapping[str, Tensor]


class TaskLearner:
    """How a kind learns what a task asks. Needs torch, lightning and numpy alone."""

    def __init__(self, kind: "Learner", task: "Objectives") -> None:
        self._kind, self._task = kind, task

    def objective(self, data: "PreparedData", config: Any) -> "Objective":
        """Return what the head learns.

        Raises:
            DataError: nothing can be learned from the labels of the training split.
        """
        return self._task.objective(config, data.classes, data.labels("train"))

    def monitor(self, data: "PreparedData", config: Any) -> str:
        """Return what the module logs each epoch of the validation split; higher is better."""
        return self.objective(data, config).MONITOR

    def module(self, data: "PreparedData", config: Any) -> Any:
        """Return the module that is trained, with fresh weights."""
        return self._kind.module(data, config, self.objective(data, config))

    def fit_whole(self, data: "PreparedData", config: Any) -> "tuple[dict[str, Tensor], list[float]]":
        """Return the weights of what is fitted in one go, and the validation loss after each round, if it has any."""
        fitted: tuple[dict[str, Tensor], list[float]] = self._fitted.fit_whole(
            data, config, self.objective(data, config)
        )
        return fitted

    def join(self, data: "PreparedData", config: Any, network: "Weights", fitted: "Weights") -> "dict[str, Tensor]":
        """Return the weights of a model that asks both, neither of which learned from labels."""
        kind = cast("JoinedLearner", self._kind)
        joint: dict[str, Tensor] = kind.join(data, config, self.objective(data, config), network, fitted)
        return joint

    def model_of(self, weights: "Weights") -> str:
        """Return which model the weights are of, as `train.model` calls it; `joint` of both."""
        return str(self._fitted.model_of(weights))

    def loaders(self, data: "PreparedData", config: Any) -> "tuple[TrainingBatches, Batches]":
        """Return the batches of training and of validation, which hold each example once, over all processes."""
        return self._kind.loaders(data, config, self.objective(data, config))

    def with_unlabelled(self) -> "TaskLearner":
        """Return how the same is learned from the examples without labels as well; its weights are of one module."""
        return TaskLearner(cast("UnlabelledLearner", self._kind).unlabelled, self._task)

    def leaves_out(self, config: Any) -> bool:
        """Whether there are steps that train only a part of the parameters: DDP has to look for the others."""
        return self._kind.leaves_out(config)

    def serving(self, module: Any, temperature: float = 1.0) -> "nn.Module":
        """Return what the endpoint runs, in evaluation mode: examples -> outputs and embedding."""
        return self._kind.serving(module, temperature)

    def raw(self, module: Any, inputs: "Tensor") -> "Tensor":
        """Return the head's numbers `[N, width]` in evaluation mode."""
        return self._kind.raw(module, inputs)

    def costs(self, data: "PreparedData", split: "Split") -> "NDArray[np.float64] | None":
        """Return what each example of a split costs if it is positive and missed, `[N]`; None: 1."""
        return self._kind.costs(data, split)

    @property
    def _fitted(self) -> "FittedLearner":
        return cast("FittedLearner", self._kind)

"""`learner/`: how a kind learns; training phase only."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from components.kinds.contract.objective import Objective
from components.kinds.contract.parameters import ConfigT, InputT, ModuleT
from components.kinds.prepared import PreparedData, Split
from components.kinds.share import Share

if TYPE_CHECKING:
    from torch import Tensor, nn


class Batches(Protocol):
    """What a training loop iterates over, epoch after epoch: of each batch this process's share."""

    share: Share
    """Set before the first epoch."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...


class TrainingBatches(Batches, Protocol):
    """Those of the training split: what one holds is a pure function of (seed, epoch, index)."""

    def state_dict(self) -> dict[str, int]:
        """Return where the iteration stands."""

    def load_state_dict(self, state: dict[str, int], /) -> None:
        """Go on from where `state_dict` says that the iteration stood."""


class Learner(Protocol[InputT, ConfigT, ModuleT]):
    """`learner/`: how a kind learns, whatever is asked of it. Needs torch, lightning and numpy alone."""

    def module(self, data: PreparedData[InputT], config: ConfigT, objective: Objective, /) -> ModuleT:
        """Return the module that is trained, with fresh weights: the kind's network, and a head for the objective.

        Raises:
            DataError: the kind has no model for such an objective, or nothing to learn from.
        """

    def loaders(
        self, data: PreparedData[InputT], config: ConfigT, objective: Objective, /
    ) -> tuple[TrainingBatches, Batches]:
        """Return the batches of training and of validation, which hold each example once, over all processes."""

    def leaves_out(self, config: ConfigT, /) -> bool:
        """Whether there are steps that train only a part of the parameters: DDP has to look for the others."""

    def serving(self, module: ModuleT, temperature: float = 1.0, /) -> "nn.Module":
        """Return what the endpoint runs, in evaluation mode: examples -> the objective's outputs, and the embedding.

        The embedding is float32 `[N, E]`, E at most 64. Logits are divided by the temperature.
        """

    def raw(self, module: ModuleT, inputs: "Tensor", /) -> "Tensor":
        """Return the head's numbers `[N, width]` in evaluation mode, from which the objective makes outputs."""

    def costs(self, data: PreparedData[InputT], split: Split, /) -> NDArray[np.float64] | None:
        """Return what each example of a split costs if it is positive and missed, `[N]`; None: 1."""


class UnlabelledLearner(Learner[InputT, ConfigT, ModuleT], Protocol):
    """`learner/` of a kind that may learn from examples without labels as well."""

    @property
    def unlabelled(self) -> Learner[InputT, ConfigT, ModuleT]:
        """How it does: in as many steps, to weights of the same module, which serves as the other does."""


class FittedLearner(Learner[InputT, ConfigT, ModuleT], Protocol):
    """`learner/` of a kind that has a model which is fitted in one go, as trees, beside its network.

    Its section `train` has `model`. With `model: trees`, or as the section's `FITTED` calls it, the module is that one,
    which knows nothing until weights are loaded; with `model: joint`, which nobody writes and which is for objectives
    that learn from no label, it asks both.
    """

    def fit_whole(
        self, data: PreparedData[InputT], config: ConfigT, objective: Objective, /
    ) -> "tuple[dict[str, Tensor], list[float]]":
        """Return the weights of that model, and the loss of the validation split after each round, if it has any.

        It is fitted to the labels; where none is learned from, to the examples.
        """

    def model_of(self, weights: Mapping[str, "Tensor"], /) -> str:
        """Return which model the weights are of, as `train.model` calls it; `joint` of both."""


class JoinedLearner(FittedLearner[InputT, ConfigT, ModuleT], Protocol):
    """`learner/` of such a kind that has objectives which learn from no label: there a model may ask both."""

    def join(
        self,
        data: PreparedData[InputT],
        config: ConfigT,
        objective: Objective,
        network: Mapping[str, "Tensor"],
        fitted: Mapping[str, "Tensor"],
        /,
    ) -> "dict[str, Tensor]":
        """Return the weights of the joint model, from those of the network and of what was fitted."""

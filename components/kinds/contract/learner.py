"""`learner/`: how a kind learns; training phase only."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from components.kinds.contract.parameters import ConfigT, InputT, ModuleT, TrainedDecisionT
from components.kinds.prepared import PreparedData
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


class Learner(Protocol[InputT, TrainedDecisionT, ConfigT, ModuleT]):
    """`learner/`: needs torch, lightning, torchmetrics and numpy alone."""

    MONITOR: str
    """What the module logs each epoch of the validation split; higher is better."""

    def module(self, data: PreparedData[InputT], config: ConfigT, /) -> ModuleT:
        """Return the module that is trained, with fresh weights."""

    def loaders(self, data: PreparedData[InputT], config: ConfigT, /) -> tuple[TrainingBatches, Batches]:
        """Return the batches of training and of validation, which hold each example once, over all processes."""

    def leaves_out(self, config: ConfigT, /) -> bool:
        """Whether there are steps that train only a part of the parameters: DDP has to look for the others."""

    def serving(self, module: ModuleT, temperature: float = 1.0, /) -> "nn.Module":
        """Return what the endpoint runs, in evaluation mode: its logits are divided by the temperature."""

    def logits(self, module: ModuleT, inputs: "Tensor", /) -> "Tensor | None":
        """Return the logits `[N, classes]` in evaluation mode; None: what the module answers is no probability."""

    def decision(self, module: ModuleT, temperature: float = 1.0, /) -> TrainedDecisionT:
        """Return what the trained module found best to decide by; it crosses to inference in the bundle.

        At every temperature the same is decided.
        """

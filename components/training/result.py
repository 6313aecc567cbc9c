"""What a training leaves."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class TrainingResult:
    """What a training leaves."""

    weights: dict[str, Tensor]
    """The module's state, on the CPU. Empty in every process but the first."""
    curve: list[dict[str, float]]
    """One point an epoch: `epoch`, `step` and what the module logged last."""
    model: str = "network"
    """Which one it is, see `train.model`."""
    unlabelled: dict[str, float | bool] | None = None
    """Where a model has learned from examples without labels as well: what that was worth, see `unlabelled.py`."""

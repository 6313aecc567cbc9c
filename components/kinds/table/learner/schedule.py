"""What is trained when, and how fast."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    from components.kinds.table.params import Train

_WARM_UP = 0.1  # part of a cycle in which the learning rate rises


def unlabelled_epochs(config: "Train", supervised: bool) -> int:
    """Return how many of the epochs, from the first, train the autoencoder: all, where no label is learned from."""
    if not supervised:
        return config.epochs
    return config.autoencoder_epochs if config.autoencoder else 0


def two_cycles(step: int, first: int, steps: int) -> float:
    """Return the share of the peak learning rate at `step` of `steps`: one cycle up to `first`, another one behind."""
    return one_cycle(step, first) if step < first else one_cycle(step - first, steps - first)


def one_cycle(step: int, steps: int) -> float:
    """Return the share of the peak at `step` of `steps`: straight up, then down to nothing on half a cosine."""
    peak = _WARM_UP * steps
    if step < peak:
        return (step + 1) / (peak + 1)
    return (1 + math.cos(math.pi * (step - peak) / max(steps - peak, 1))) / 2


def decayed_apart(parameters: Sequence[nn.Parameter], weight_decay: float) -> list[dict[str, Any]]:
    """Return two parameter groups: matrices, which decay, and the others (biases, single weights), which do not."""
    return [
        {"params": [weights for weights in parameters if weights.ndim > 1], "weight_decay": weight_decay},
        {"params": [weights for weights in parameters if weights.ndim <= 1], "weight_decay": 0.0},
    ]

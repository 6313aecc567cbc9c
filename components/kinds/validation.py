"""The validation split as a training watches it: gathered over batches and processes, and asked once an epoch."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, distributed
from torchmetrics.utilities.distributed import gather_all_tensors

if TYPE_CHECKING:
    from components.kinds.contract import Objective


class Validation:
    """Outputs and labels of one epoch."""

    def __init__(self, objective: "Objective") -> None:
        self._objective = objective
        self._parts: list[tuple[Tensor, Tensor]] = []

    def add(self, outputs: Tensor, labels: Tensor) -> None:
        """Take a batch: `[N, K]`, and `[N]`."""
        self._parts.append((outputs.float(), labels))

    def monitored(self) -> float:
        """Return what the objective watches, of the examples of all processes, and forget them."""
        outputs, labels = (_everywhere(torch.cat(parts)) for parts in zip(*self._parts, strict=True))
        self._parts.clear()
        return self._objective.monitored(outputs.numpy(), labels.numpy())


def _everywhere(part: Tensor) -> Tensor:
    """Return the parts of all processes, one behind the other, on the CPU."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return part.cpu()
    return torch.cat(gather_all_tensors(part)).cpu()

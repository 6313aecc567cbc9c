"""Muon: SGD with momentum whose steps on a kernel are made orthogonal.

Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/.

Ours, because `torch.optim.Muon` takes matrices alone, no kernels, and iterates in bf16, which is slow on processors
that have no such instructions.
"""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # Jordan et al. 2024: small singular values grow fastest, all come near 1
_ITERATIONS = 3  # as in airbench (Jordan 2024)


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, weight decay apart from the gradient (Loshchilov and Hutter 2017).

    A group with `orthogonal` has kernels, `[out, ...]`; the others learn as with SGD. Each group has its own `lr`.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], momentum: float) -> None:
        super().__init__(groups, {"momentum": momentum, "weight_decay": 0.0, "orthogonal": False})

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Take one step; return the closure's loss."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weights in group["params"]:
                if weights.grad is not None:
                    self._move(weights, group)
        return loss

    def _move(self, weights: Tensor, group: dict[str, Any]) -> None:
        state, momentum = self.state[weights], group["momentum"]
        if not state:
            state["momentum"] = torch.zeros_like(weights)
        state["momentum"].mul_(momentum).add_(weights.grad)
        direction = weights.grad + momentum * state["momentum"]
        if group["orthogonal"]:
            direction = orthogonal(direction.flatten(1)).view_as(weights)
        weights.mul_(1 - group["lr"] * group["weight_decay"]).sub_(direction, alpha=group["lr"])


def orthogonal(matrix: Tensor) -> Tensor:
    """Return nearly the orthogonal matrix next to `matrix`, by a quintic Newton-Schulz iteration."""
    a, b, c = _COEFFICIENTS
    wide = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    wide = wide / (wide.norm() + 1e-7)
    for _ in range(_ITERATIONS):
        square = wide @ wide.T
        wide = a * wide + (b * square + c * square @ square) @ wide
    found: Tensor = wide.T if matrix.shape[0] > matrix.shape[1] else wide
    return found

"""Boosted trees as a torch module: arrays that a file of weights holds, and one node of the graph that serves.

In a graph it is ONNX's `TreeEnsembleRegressor`. No kept converter takes what is trained here: skl2onnx has no splits by
sets of categories. The traversal in
numpy is what the graph is checked against.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from components.kinds.table.learner.trees.onnx_node import tree_ensemble

ARRAYS = {
    "feature": torch.int64,
    "threshold": torch.float32,
    "missing_left": torch.bool,
    "left": torch.int64,
    "right": torch.int64,
    "leaf": torch.bool,
    "value": torch.float32,
    "category_set": torch.int64,
    "sets": torch.bool,
    "root": torch.int64,
    "target": torch.int64,
    "base": torch.float32,
}
"""By name, of M nodes in T trees.

feature       `[M]` column that a node asks
threshold     `[M]` up to which a value goes left
missing_left  `[M]` where a missing value (NaN) goes
left, right   `[M]` nodes that follow; of a leaf itself
leaf          `[M]` whether it is one
value         `[M]` of a leaf
category_set  `[M]` row of `sets` whose codes go left; -1: the node asks for a number
sets          `[S, codes]`
root, target  `[T]` first node of a tree, and the column of the answer that it adds to
base          `[K]` to which the trees add; not in the node: ONNX Runtime forgets it where no tree adds
"""


class TreeEnsemble(nn.Module):
    """Features float32 `[N, F]` -> sums of leaves float32 `[N, K]`. Empty, until weights are loaded."""

    base: Tensor

    def __init__(self, arrays: Mapping[str, NDArray[Any]] | None = None) -> None:
        super().__init__()
        for name, dtype in ARRAYS.items():
            given = None if arrays is None else torch.from_numpy(np.ascontiguousarray(arrays[name]))
            self.register_buffer(name, torch.empty(0, dtype=dtype) if given is None else given.to(dtype))
        self._share()

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the sums."""
        sums: Tensor = _Ensemble.apply(inputs, self._arrays)  # type: ignore[no-untyped-call]
        return sums + self.base

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        """Take arrays of any size."""
        for name in ARRAYS:
            if prefix + name in state_dict:
                setattr(self, name, torch.empty_like(state_dict[prefix + name]))
        super()._load_from_state_dict(state_dict, prefix, *rest)
        self._share()

    def _share(self) -> None:
        """Have the arrays at hand in numpy, in the same memory."""
        self._arrays = {name: getattr(self, name).numpy() for name in ARRAYS}


class _Ensemble(torch.autograd.Function):
    """Adds up leaves, in numpy, which no trace looks into; exports as one node."""

    @staticmethod
    def forward(context: Any, inputs: Tensor, trees: dict[str, NDArray[Any]]) -> Tensor:
        """Return the sums `[N, K]`, added up in float64."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]  # numpy is not traced
            return torch.from_numpy(_sums(inputs.detach().cpu().numpy(), trees))

    @staticmethod
    def symbolic(graph: Any, inputs: Any, trees: dict[str, NDArray[Any]]) -> Any:
        """Return the node."""
        return tree_ensemble(graph, inputs, trees)


def _sums(inputs: NDArray[np.float32], trees: dict[str, NDArray[Any]]) -> NDArray[np.float32]:
    sums = np.zeros((len(inputs), len(trees["base"])))
    rows = np.arange(len(inputs))
    for root, target in zip(trees["root"], trees["target"], strict=True):
        place = np.full(len(inputs), root)
        while not trees["leaf"][place].all():
            left = _goes_left(inputs[rows, trees["feature"][place]], place, trees)
            place = np.where(left, trees["left"][place], trees["right"][place])
        sums[:, target] += trees["value"][place]
    return sums.astype(np.float32)


def _goes_left(
    values: NDArray[np.float32], place: NDArray[np.int64], trees: dict[str, NDArray[Any]]
) -> NDArray[np.bool_]:
    """Return which values `[N]` go left from the nodes `[N]`."""
    left = np.where(np.isnan(values), trees["missing_left"][place], values <= trees["threshold"][place])
    row = trees["category_set"][place]
    category = np.flatnonzero(row >= 0)
    left[category] = trees["sets"][row[category], values[category].astype(np.int64)]
    return left

"""Trees as ONNX's `TreeEnsembleRegressor` (domain ai.onnx.ml, https://onnx.ai/onnx/operators/)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


class _Node(NamedTuple):
    tree: int
    number: int
    mode: str
    feature: int = 0
    value: float = 0.0
    """What an input is compared with; of a leaf what it adds."""
    yes: int = 0
    no: int = 0
    missing_yes: int = 0


def tree_ensemble(graph: Any, inputs: Any, trees: Arrays) -> Any:
    """Add the node that answers `[N, K]` to a graph that is being exported, and return its output.

    Args:
        graph: the exporter's.
        inputs: its value float32 `[N, F]`.
        trees: the arrays of a `TreeEnsemble`.
    """
    ends = [*trees["root"][1:], len(trees["feature"])]
    nodes = [
        node
        for tree, (root, end) in enumerate(zip(trees["root"], ends, strict=True))
        for node in _nodes(trees, tree, int(root), int(end))
    ]
    leaves = [node for node in nodes if node.mode == "LEAF"]
    sums = graph.op(
        "ai.onnx.ml::TreeEnsembleRegressor",
        inputs,
        n_targets_i=len(trees["base"]),
        nodes_treeids_i=[node.tree for node in nodes],
        nodes_nodeids_i=[node.number for node in nodes],
        nodes_modes_s=[node.mode for node in nodes],
        nodes_featureids_i=[node.feature for node in nodes],
        nodes_values_f=[0.0 if node.mode == "LEAF" else node.value for node in nodes],
        nodes_truenodeids_i=[node.yes for node in nodes],
        nodes_falsenodeids_i=[node.no for node in nodes],
        nodes_missing_value_tracks_true_i=[node.missing_yes for node in nodes],
        target_treeids_i=[node.tree for node in leaves],
        target_nodeids_i=[node.number for node in leaves],
        target_ids_i=[int(trees["target"][node.tree]) for node in leaves],
        target_weights_f=[node.value for node in leaves],
    )
    sums.setType(inputs.type().with_sizes([None, len(trees["base"])]))
    return sums


def _nodes(trees: Arrays, tree: int, root: int, end: int) -> list[_Node]:
    """Return the nodes of the tree that lies in [root, end), numbered from 0; chains of sets go on behind them."""
    found: list[_Node] = []
    chained: list[_Node] = []
    for place in range(root, end):
        here, left, right = place - root, int(trees["left"][place]) - root, int(trees["right"][place]) - root
        value, feature = float(trees["threshold"][place]), int(trees["feature"][place])
        if trees["leaf"][place]:
            found.append(_Node(tree, here, "LEAF", value=float(trees["value"][place])))
        elif trees["category_set"][place] < 0:
            missing = int(trees["missing_left"][place])
            found.append(_Node(tree, here, "BRANCH_LEQ", feature, value, left, right, missing))
        else:
            row = trees["sets"][trees["category_set"][place]]
            first, *others = _chain(
                row, _Node(tree, here, "BRANCH_EQ", feature, 0.0, left, right), end - root + len(chained)
            )
            found.append(first)
            chained += others
    return found + chained


def _chain(left: NDArray[np.bool_], node: _Node, free: int) -> list[_Node]:
    """Return nodes that ask for one code each, of the smaller side: all of them lead to the same next node.

    ONNX has no sets before the fifth version of the domain. ONNX Runtime joins such a chain again.

    Args:
        left: `[codes]`, which of them go left.
        node: the first one, its sides left and right.
        free: the number of the second one; the others follow.
    """
    codes, yes, no = np.flatnonzero(left), node.yes, node.no
    if len(codes) > len(left) // 2:
        codes, yes, no = np.flatnonzero(~left), no, yes
    numbers = [node.number, *range(free, free + len(codes) - 1)]
    after = [*numbers[1:], no]
    return [
        node._replace(number=number, value=float(code), yes=yes, no=following)
        for number, code, following in zip(numbers, codes, after, strict=True)
    ]

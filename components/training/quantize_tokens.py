"""Quantize an encoder of sequences: its heavy matrix products in int8, each token by its own largest number.

That is the scheme of ZeroQuant (Yao and others 2022). ONNX Runtime's own dynamic quantization takes one scale for all
that a run is given, so that an answer would depend on what else is in its batch. Weights have a scale for each column,
and 7 bits: with 8 sums saturate on processors without VNNI.
"""

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

_HEAVY = 100_000
"""Numbers of a weight from which on a product is quantized."""
_WEIGHT, _TOKEN = 63, 127
"""Largest whole numbers."""
_LEAST = 1e-8  # scale of a token or column of zeros
_OFFSET = 128  # tokens are unsigned to the kernel, which is the faster one


def has_attention(graph: onnx.GraphProto) -> bool:
    """Whether softmaxes weigh what matrix products take."""
    weighed = {name for node in graph.node if node.op_type == "Softmax" for name in node.output}
    return any(node.op_type == "MatMul" and weighed.intersection(node.input) for node in graph.node)


def quantize_tokens(model: onnx.ModelProto) -> int:
    """Quantize the products of `model`, in place, whose weight is a large matrix; return how many that are."""
    graph = model.graph
    weights = {weight.name: weight for weight in graph.initializer}
    heavy = {node.output[0] for node in graph.node if _is_heavy(node, weights)}
    nodes: list[NodeProto] = []
    for node in graph.node:
        nodes.extend(_quantized(node, weights, graph) if node.output[0] in heavy else [node])
    del graph.node[:]
    graph.node.extend(nodes)
    if heavy:
        graph.initializer.extend(_constants())
        _drop_unused(graph)
    return len(heavy)


def _is_heavy(node: NodeProto, weights: dict[str, TensorProto]) -> bool:
    weight = weights.get(node.input[1]) if node.op_type == "MatMul" else None
    return weight is not None and len(weight.dims) == 2 and prod(weight.dims) >= _HEAVY


def _quantized(node: NodeProto, weights: dict[str, TensorProto], graph: onnx.GraphProto) -> Iterator[NodeProto]:
    """Yield what takes the place of a product `[..., D] x [D, E]`, and add its weight in int8."""
    given, name, result = node.input[0], node.input[1], node.output[0]
    whole, scale = _in_int8(numpy_helper.to_array(weights[name]))
    graph.initializer.append(numpy_helper.from_array(whole, f"{result}.weight"))
    graph.initializer.append(numpy_helper.from_array(scale, f"{result}.column"))
    steps: Sequence[tuple[str, list[str], str, dict[str, Any]]] = (
        ("Abs", [given], "size", {}),
        ("ReduceMax", ["size", "quantized.axis"], "largest", {}),
        ("Max", ["largest", "quantized.least"], "bounded", {}),
        ("Div", ["bounded", "quantized.most"], "scale", {}),
        ("Div", [given, "scale"], "scaled", {}),
        ("QuantizeLinear", ["scaled", "quantized.one", "quantized.offset"], "whole", {}),
        ("MatMulInteger", ["whole", f"{result}.weight", "quantized.offset"], "summed", {}),
        ("Cast", ["summed"], "sums", {"to": TensorProto.FLOAT}),
        ("Mul", ["sums", "scale"], "by token", {}),
    )
    names = {step[2]: f"{result}.{step[2]}" for step in steps}
    for kind, inputs, output, attributes in steps:
        yield helper.make_node(
            kind, [names.get(one, one) for one in inputs], [names[output]], names[output], **attributes
        )
    yield helper.make_node("Mul", [names["by token"], f"{result}.column"], [result], node.name)


def _in_int8(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return a weight `[D, E]` in whole numbers, and the scale of each column, `[E]`."""
    scale = np.maximum(np.abs(weight).max(axis=0) / _WEIGHT, _LEAST).astype(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale


def _constants() -> list[TensorProto]:
    values = {"least": _LEAST, "most": _TOKEN, "one": 1.0}
    arrays: dict[str, NDArray[Any]] = {name: np.array(value, dtype=np.float32) for name, value in values.items()}
    arrays |= {"offset": np.array(_OFFSET, dtype=np.uint8), "axis": np.array([-1], dtype=np.int64)}
    return [numpy_helper.from_array(array, f"quantized.{name}") for name, array in arrays.items()]


def _drop_unused(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [weight for weight in graph.initializer if weight.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)

"""Quantize: the graph of a bundle with its heavy layers in int8, static, per channel, calibrated on real examples.

Where it pays was measured on a processor with VNNI (docs/edge.md, `benchmarks/int8.py`): layers of many multiply-adds,
and what stands between two of them. All else stays in float32: what scales the input, narrow first layers, the head.

A network of depthwise convolutions is quantized as a whole, but for its first layers, whose rounding every later one
takes up. Of probabilities of classes as few of them stay in float32 as the loss on the examples allows, and all where
none is good enough; of other answers what comes nearest to float32 is taken.

Of an encoder of sequences the products are quantized as it runs, each token for itself (`quantize_tokens`).
"""

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from components.training.quantize_tokens import has_attention, quantize_tokens

LAYERS = ("Conv", "Gemm", "MatMul")
_BETWEEN = ("Relu", "MaxPool", "Add")
_BOUNDED = ("Relu", "Clip", "MaxPool", "Add")
"""What stands between two layers of a network of depthwise convolutions."""
_FIRST = (3, 9, 20)
"""Layers of such a network that may stay in float32; with 20 EfficientNet-Lite0 has 4.2 MB, with 3 of them 3.9."""
_GOOD, _GOOD_ENOUGH = 0.008, 0.015
"""Nats by which the cross-entropy may rise: with fewer layers in float32 than the most, and with the most. On CIFAR-10
with EfficientNet-Lite0, 20 pictures a class, a rise by 0.007 cost no accuracy, by 0.010 1.6 points, by 0.028 2.9."""
_LEAST = 1e-7  # probability
_HEAVY = 1_000_000
"""Multiply-adds an example from which on a layer surely gains: in float32 they take longer than the conversions."""
_BATCH = 32


def quantize(model: Path, examples: NDArray[Any], out: Path, probabilities: bool = False) -> int:
    """Write the graph at `model` with its heavy layers in int8 to `out`, and return how many layers that is.

    Where none is heavy enough, or int8 loses too much, `out` is a copy of `model`.

    Args:
        model: an ONNX graph of one input.
        examples: `[N, ...]` as the graph takes them, to find the range of every number in between.
        out: where to write to.
        probabilities: whether its first output is of classes, `[N, K]`.
    """
    if has_attention((encoder := onnx.load(model)).graph):
        return _quantize_encoder(model, encoder, examples, out, probabilities)
    with tempfile.TemporaryDirectory() as folder, quiet():
        prepared = fused(model, Path(folder))
        graph = onnx.load(prepared).graph
        whole = _has_depthwise(graph)
        ways = [
            nodes for nodes in ([_whole(graph, first) for first in _FIRST] if whole else [_gaining(graph)]) if nodes
        ]
        drafts = [Path(folder) / f"{number}.onnx" for number in range(len(ways))]
        for nodes, draft in zip(ways, drafts, strict=True):
            _quantized(prepared, nodes, examples, draft)
        best = _best(model, drafts, examples, probabilities) if whole and ways else len(ways) - 1
        shutil.copyfile(model if best < 0 else drafts[best], out)
    return 0 if best < 0 else sum(node.op_type in LAYERS for node in ways[best])


def _quantize_encoder(
    model: Path, encoder: onnx.ModelProto, examples: NDArray[Any], out: Path, probabilities: bool
) -> int:
    count = quantize_tokens(encoder)
    onnx.save(encoder, out)
    if count and (not probabilities or _risen_loss(answers(model, examples), answers(out, examples)) <= _GOOD_ENOUGH):
        return count
    shutil.copyfile(model, out)
    return 0


def _quantized(fused: Path, nodes: list[onnx.NodeProto], examples: NDArray[Any], out: Path) -> None:
    quantize_static(
        fused,
        out,
        _Examples(fused, examples),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=sorted({*LAYERS, *_BETWEEN, *_BOUNDED}),
        nodes_to_quantize=[node.name for node in nodes],
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        reduce_range=True,  # 7 bits: else sums saturate on processors without VNNI, and answers depend on those
    )


def _best(model: Path, drafts: list[Path], examples: NDArray[Any], probabilities: bool) -> int:
    """Return the index of the draft that is taken, of those with ever more layers in float32; -1: none.

    Of other answers than probabilities the one that differs least from the model's, in the mean square.
    """
    expected = answers(model, examples)
    if not probabilities:
        return int(np.argmin([np.square(answers(draft, examples) - expected).mean() for draft in drafts]))
    risen = [_risen_loss(expected, answers(draft, examples)) for draft in drafts]
    found = next((index for index, loss in enumerate(risen) if loss <= _GOOD), len(drafts) - 1)
    return found if risen[found] <= _GOOD_ENOUGH else -1


def _risen_loss(expected: NDArray[np.float32], found: NDArray[np.float32]) -> float:
    """Return how much the cross-entropy of `found` is above that of `expected`, with `expected` for labels.

    So it is the Kullback-Leibler divergence: of calibrated probabilities `[N, K]` what the validation loss is expected
    to rise by, and far less a matter of chance than what it rises by with few labels.
    """
    one, other = (np.log(np.maximum(outputs, _LEAST)) for outputs in (expected, found))
    return float((expected * (one - other)).sum(axis=1).mean())


def answers(model: Path, examples: NDArray[Any]) -> NDArray[np.float32]:
    """Return the first output of the graph, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    asked, first = session.get_inputs()[0].name, session.get_outputs()[0].name
    parts = [examples[start : start + _BATCH] for start in range(0, len(examples), _BATCH)]
    return np.concatenate([session.run([first], {asked: np.ascontiguousarray(part)})[0] for part in parts])


def fused(model: Path, folder: Path) -> Path:
    """Return the graph with known shapes, and batch norms made part of the convolutions before them."""
    first, pooled, fused = folder / "first.onnx", folder / "pooled.onnx", folder / "fused.onnx"
    quant_pre_process(model, first, skip_symbolic_shape=True)
    graph = onnx.load(first)
    _pool_last(graph.graph)
    onnx.save(graph, pooled)
    quant_pre_process(pooled, fused, skip_symbolic_shape=True)
    return fused


def _pool_last(graph: onnx.GraphProto) -> None:
    """Move every max pooling behind what follows it and only rises: the same numbers, and batch norms can be fused."""
    weights = {weight.name: weight for weight in graph.initializer}
    del graph.value_info[:]  # shapes of what is between change
    for first, node in enumerate(graph.node):
        if node.op_type != "MaxPool":
            continue
        index = first
        while (after := _follower(graph, index)) is not None and _rises(graph.node[after], weights):
            _swap(graph.node[index], graph.node[after])
            index = after


def _follower(graph: onnx.GraphProto, index: int) -> int | None:
    """Return the index of the one node that takes what the node at `index` gives; None: there are others."""
    given = graph.node[index].output
    takers = [later for later, node in enumerate(graph.node) if given[0] in node.input]
    final = [output.name for output in graph.output]
    return takers[0] if len(takers) == len(given) == 1 and given[0] not in final else None


def _rises(node: onnx.NodeProto, weights: dict[str, onnx.TensorProto]) -> bool:
    """Whether a larger input never gives a smaller output, channel by channel."""
    if node.op_type == "BatchNormalization" and node.input[1] in weights:
        return bool((numpy_helper.to_array(weights[node.input[1]]) > 0).all())
    return node.op_type == "Relu"


def _swap(node: onnx.NodeProto, follower: onnx.NodeProto) -> None:
    """Have `follower` work first: each takes the other's place in the graph and among the tensors."""
    given, between, result = node.input[0], node.output[0], follower.output[0]
    follower.input[0], follower.output[0] = given, between
    node.input[0], node.output[0] = between, result
    kept = onnx.NodeProto()
    kept.CopyFrom(node)
    node.CopyFrom(follower)
    follower.CopyFrom(kept)


def _gaining(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Return the heavy layers, and what has nothing but their results as input.

    The Fourier transform of a sound is none of them.
    """
    nodes, inside = [], set[str]()
    sizes = {weight.name: list(weight.dims) for weight in graph.initializer}
    shapes = {
        info.name: [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        for info in [*graph.input, *graph.value_info, *graph.output]
    }
    for node in graph.node:
        if node.op_type in LAYERS and _hears_samples(sizes.get(node.input[1], [])):
            gains = False
        elif node.op_type in LAYERS:
            around = [shapes.get(name, []) for name in (node.input[0], node.output[0])]
            gains = _multiply_adds(sizes.get(node.input[1], []), *around) >= _HEAVY
        else:
            gains = node.op_type in _BETWEEN and inside.issuperset(node.input)
        if gains:
            nodes.append(node)
            inside.update(node.output)
    return nodes


def _hears_samples(weight: list[int]) -> bool:
    """Whether a layer takes a row of numbers as it came, as samples of a sound, of which 8 bits would be noise."""
    return len(weight) == 3 and weight[1] == 1


def _has_depthwise(graph: onnx.GraphProto) -> bool:
    """Whether a convolution sees some of the channels alone."""
    attributes = [attribute for node in graph.node if node.op_type == "Conv" for attribute in node.attribute]
    return any(attribute.name == "group" and attribute.i > 1 for attribute in attributes)


def _whole(graph: onnx.GraphProto, first: int) -> list[onnx.NodeProto]:
    """Return every layer but the `first` ones, and what has nothing but their results as input."""
    weights = {weight.name for weight in graph.initializer}
    nodes, inside, passed = [], set[str](), 0
    for node in graph.node:
        if node.op_type in LAYERS:
            passed += 1
            taken = passed > first
        else:
            taken = node.op_type in _BOUNDED and inside.issuperset(set(node.input) - weights)
        if taken:
            nodes.append(node)
            inside.update(node.output)
    return nodes


def _multiply_adds(weight: list[int], given: list[int], result: list[int]) -> int:
    """Return how many one example takes of a layer with that weight; 0: not known.

    Args:
        weight: its shape: `[out, in, height, width]` of a convolution, or a matrix.
        given: the shape of what the layer takes, `[N, ...]`.
        result: the shape of what it makes of it, `[N, ...]`.
    """
    if not (weight and given and result):
        return 0
    if len(weight) == 2:
        return prod(weight) * prod(result[1:-1])
    seen = [min(side, size) for side, size in zip(weight[2:], given[2:], strict=True)]  # beyond the edge are zeros
    return prod(weight[:2]) * prod(seen) * prod(result[2:])


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what ONNX Runtime logs of its every step from being shown."""
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


class _Examples(CalibrationDataReader):
    """The examples in batches, as the calibration asks for them."""

    def __init__(self, model: Path, examples: NDArray[Any]) -> None:
        self._name = onnx.load(model).graph.input[0].name
        self._batches = iter([examples[start : start + _BATCH] for start in range(0, len(examples), _BATCH)])

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        """Return the next batch by the name of the input, or None after the last."""
        batch = next(self._batches, None)
        return None if batch is None else {self._name: np.ascontiguousarray(batch)}

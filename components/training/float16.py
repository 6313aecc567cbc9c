"""Float16: the graph of a bundle with its layers in numbers of 16 bits, for a GPU; inputs and outputs are as before.

From the first layer to the embedding, by ONNX Runtime's own converter. All else stays in float32: what scales the
input, whose numbers may be larger than float16's largest (65,504), the head, and what tells how unfamiliar an example
is.

ONNX Runtime's CPU provider has no such layers: it computes in float32 with the rounded weights. So whether the numbers
between two layers may be rounded, too, is tried beforehand, by a graph that rounds each of them.
"""

import shutil
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from components.inference.bundle import EMBEDDING
from components.inference.golden import TOLERANCES, difference
from components.training.quantize import LAYERS, answers, fused, quiet

_KEEPS_SCALE = (
    *("Relu", "Clip", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "ReduceMean", "ReduceMax"),
    *("Add", "BatchNormalization", "Concat", "Flatten", "Reshape", "Squeeze", "Identity", "Transpose"),
)
"""What may stand between two layers: its results are no larger than what it takes, or little."""


def to_float16(model: Path, examples: NDArray[Any], out: Path) -> int:
    """Write the graph at `model` with its layers in float16 to `out`, and return how many layers that is.

    Where there is none, or where a GPU's answers to `examples`, `[N, ...]`, would be further from a CPU's than golden
    rows may differ (as with numbers that float16 does not hold), `out` is a copy of `model`.
    """
    with tempfile.TemporaryDirectory() as folder, quiet():
        whole, tried = onnx.load(fused(model, Path(folder))), Path(folder) / "rounding.onnx"
        inside = _inside(whole.graph)
        if not any(node.op_type in LAYERS for node in inside):
            shutil.copyfile(model, out)
            return 0
        onnx.save(_converted(whole, inside), out)
        onnx.save(_rounding(whole, inside), tried)
        worst = difference(answers(tried, examples), answers(out, examples))
    if not worst <= TOLERANCES["float16"]:  # what is not a number is too far as well
        shutil.copyfile(model, out)
        return 0
    return sum(node.op_type in LAYERS for node in inside)


def _inside(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Return the nodes from the first layers to the embedding, in their order."""
    weights = {weight.name for weight in graph.initializer}
    makers = {name: node for node in graph.node for name in node.output}
    last = makers.get(EMBEDDING)
    wanted, before = [last.input[0] if last and last.op_type == "Cast" else EMBEDDING], set[str]()
    while wanted:
        node = makers.get(wanted.pop())
        if node is None or node.output[0] in before:
            continue
        if node.op_type in _KEEPS_SCALE or (node.op_type in LAYERS and weights.intersection(node.input)):
            before.add(node.output[0])
            wanted += node.input
    nodes, behind = [], set[str]()
    for node in graph.node:
        if node.output[0] in before and (node.op_type in LAYERS or behind.intersection(node.input)):
            nodes.append(node)
            behind.update(node.output)
    return nodes


def _converted(whole: onnx.ModelProto, inside: Sequence[onnx.NodeProto]) -> onnx.ModelProto:
    """Return the model with the nodes `inside` of it in float16, and a cast wherever a number comes or goes."""
    graph, part = whole.graph, _alone(whole, inside)
    half = convert_float_to_float16(part, keep_io_types=True).graph
    made, found = {node.output[0] for node in inside}, onnx.ModelProto()
    found.CopyFrom(whole)
    del found.graph.node[:], found.graph.value_info[:]
    found.graph.node.extend(node for node in graph.node if node.output[0] not in made)
    found.graph.node.extend(half.node)
    found.graph.initializer.extend(half.initializer)
    used = {name for node in found.graph.node for name in node.input}
    kept = [weight for weight in found.graph.initializer if weight.name in used]
    del found.graph.initializer[:]
    found.graph.initializer.extend(kept)
    OnnxModel(found).topological_sort()
    onnx.checker.check_model(found)
    return found


def _alone(whole: onnx.ModelProto, inside: Sequence[onnx.NodeProto]) -> onnx.ModelProto:
    """Return the nodes as a model of their own, whose weights have names of their own."""
    graph = whole.graph
    infos = {info.name: info for info in (*graph.input, *graph.value_info, *graph.output)}
    weights = {weight.name: weight for weight in graph.initializer}
    made = {name for node in inside for name in node.output}
    taken = dict.fromkeys(name for node in inside for name in node.input if name)
    others = {name for node in graph.node if node.output[0] not in made for name in node.input}
    left = [name for name in made if name in others or name in {output.name for output in graph.output}]
    own, nodes = [], [onnx.NodeProto.FromString(node.SerializeToString()) for node in inside]
    for name in taken:
        if name in weights:
            own.append(onnx.TensorProto.FromString(weights[name].SerializeToString()))
            own[-1].name = f"{name}_16"
    for node in nodes:
        node.input[:] = [f"{name}_16" if name in weights else name for name in node.input]
    inputs = [infos[name] for name in taken if name not in weights and name not in made]
    alone = helper.make_graph(nodes, "float16", inputs, [infos[name] for name in sorted(left)], own)
    return helper.make_model(alone, opset_imports=whole.opset_import, ir_version=whole.ir_version)


def _rounding(whole: onnx.ModelProto, inside: Sequence[onnx.NodeProto]) -> onnx.ModelProto:
    """Return the model that computes in float32 as it would in float16: whatever `inside` takes is rounded."""
    found = onnx.ModelProto()
    found.CopyFrom(whole)
    del found.graph.node[:], found.graph.value_info[:]
    made = {node.output[0] for node in inside}
    infos = (*whole.graph.input, *whole.graph.value_info, *whole.graph.output)
    floats = {info.name for info in infos if info.type.tensor_type.elem_type == TensorProto.FLOAT}
    weights = {weight.name for weight in whole.graph.initializer if weight.data_type == TensorProto.FLOAT}
    number = count()
    for node in whole.graph.node:
        node = onnx.NodeProto.FromString(node.SerializeToString())
        if node.output[0] in made:
            for place, name in enumerate(node.input):
                if name in floats or name in weights:
                    rounded = f"rounded_{next(number)}"
                    found.graph.node.extend(_through_float16(name, rounded))
                    node.input[place] = rounded
        found.graph.node.append(node)
    return found


def _through_float16(name: str, rounded: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Cast", [name], [f"{rounded}_16"], to=TensorProto.FLOAT16),
        helper.make_node("Cast", [f"{rounded}_16"], [rounded], to=TensorProto.FLOAT),
    ]

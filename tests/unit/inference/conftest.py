"""Bundles to serve: real graphs, small or slow, that need no training."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from components.config.params import Serve
from components.inference.bundle import new_bundle
from components.inference.engine.model import Model
from components.inference.unfamiliar import UNFAMILIAR, UnfamiliarTest
from components.kinds.image import codec

SIDE = 4
CLASSES = ("dark", "bright")


@pytest.fixture
def new_model(tmp_path: Path) -> Callable[..., Model]:
    """Open a model that tells dark from bright 4 x 4 pictures, after `deep` needless layers of `wide` neurons.

    With the test `familiar` it tells how unlike training a picture is as well: the mean of its levels, 0 to 255.
    """

    def make(
        version: str = "1",
        wide: int = 0,
        deep: int = 1,
        familiar: UnfamiliarTest | None = None,
        abstain: bool = False,
        device: Literal["auto", "cpu", "gpu"] = "auto",
    ) -> Model:
        path = tmp_path / f"bundle-{version}-{wide}-{deep}"
        with new_bundle(
            path,
            workload="shades",
            kind="image",
            classes=CLASSES,
            input={"height": SIDE, "width": SIDE, "channels": 1},
            decision={} if familiar is None else {UNFAMILIAR: familiar.as_json()},
            serve={**Serve(device=device).in_bundle(), "abstain": abstain},
        ) as draft:
            onnx.save(_graph(float(version), wide, deep, familiar is not None), draft / "model.onnx")
        return Model.open(path, version, None)

    return make


def picture(grey: int) -> dict[str, bytes]:
    """Return a row: a picture all of one grey, 0 to 255."""
    return codec.encode(np.full((SIDE, SIDE, 1), grey, np.uint8))


def _graph(slope: float, wide: int, deep: int, tells: bool = False) -> onnx.ModelProto:
    """Return a graph whose P(bright) is logistic in the mean brightness; `slope` tells one version from another.

    Of the needless layers nothing is left. Their weights are read from memory once a run, for all its examples, which
    is why a batch pays.
    """
    size = SIDE * SIDE
    weights = np.array([[-slope, slope]] * size, np.float32) / (128 * size)
    constants = {"flat": np.array([-1, size]), "weights": weights, "nought": np.zeros(1, np.float32)}
    nodes = [
        helper.make_node("Cast", ["x"], ["grey"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["grey", "flat"], ["pixels"]),
        helper.make_node("MatMul", ["pixels", "weights"], ["logits"]),
    ]
    if wide:
        constants |= {"first": np.array([size, wide]), "next": np.array([wide, wide]), "deep": np.array(deep)}
        nodes += [
            helper.make_node("ConstantOfShape", ["first"], ["layer"], value=_number(1 / size)),
            helper.make_node("ConstantOfShape", ["next"], ["layers"], value=_number(1 / wide)),
            helper.make_node("MatMul", ["pixels", "layer"], ["after_0"]),
            helper.make_node("Loop", ["deep", "", "after_0"], ["after"], body=_layer()),
            helper.make_node("ReduceMin", ["after"], ["least"], axes=[1], keepdims=1),
            helper.make_node("Mul", ["least", "nought"], ["nothing"]),
            helper.make_node("Add", ["logits", "nothing"], ["sum"]),
        ]
    nodes.append(helper.make_node("Softmax", ["sum" if wide else "logits"], ["y"], axis=1))
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 2])]
    if tells:
        nodes.append(helper.make_node("ReduceMean", ["pixels"], [UNFAMILIAR], axes=[1], keepdims=0))
        outputs.append(helper.make_tensor_value_info(UNFAMILIAR, TensorProto.FLOAT, ["n"]))
    graph = helper.make_graph(
        nodes,
        "shades",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, ["n", SIDE, SIDE, 1])],
        outputs,
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def _layer() -> onnx.GraphProto:
    """Return one needless layer, to be repeated: a graph that has each of many as a node takes seconds to open."""
    return helper.make_graph(
        [helper.make_node("MatMul", ["before", "layers"], ["behind"]), helper.make_node("Identity", ["go"], ["on"])],
        "layer",
        [
            helper.make_tensor_value_info("number", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("behind", TensorProto.FLOAT, None),
        ],
    )


def _number(value: float) -> onnx.TensorProto:
    return helper.make_tensor("value", TensorProto.FLOAT, [1], [value])

"""Where a picture is unusual, told by the graph of a bundle and answered to who asks for an explanation."""

import asyncio
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from components.inference.bundle import HEAT, new_bundle
from components.inference.engine.engine import Engine
from components.inference.engine.model import Model
from components.inference.gateway.page.about import describe
from components.kinds.image import codec

SIDE = 4
INPUT = {"height": SIDE, "width": SIDE, "channels": 1}
DECISION = {"threshold": 0.5, "ranks": [[0.0, 0.0], [1.0, 1.0]]}


def opened(path: Path, tells: bool) -> Model:
    """Return a model that takes light for unusual: the heat is the mean of each quarter, in whites."""
    nodes = [
        helper.make_node("Cast", ["x"], ["grey"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["grey"], ["first"], perm=[0, 3, 1, 2]),
        helper.make_node("Constant", [], ["white"], value_float=255.0),
        helper.make_node("Div", ["first", "white"], ["light"]),
        helper.make_node("AveragePool", ["light"], ["quarters"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Constant", [], ["channel"], value_ints=[1]),
        helper.make_node("Squeeze", ["quarters", "channel"], [HEAT]),
        helper.make_node("ReduceMax", [HEAT], ["score"], axes=[1, 2], keepdims=0),
        helper.make_node("Unsqueeze", ["score", "channel"], ["y"]),
    ]
    told = [helper.make_tensor_value_info(HEAT, TensorProto.FLOAT, ["n", 2, 2])] if tells else []
    graph = helper.make_graph(
        nodes,
        "light",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, ["n", SIDE, SIDE, 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1]), *told],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with new_bundle(
        path, workload="parts", kind="image", task="anomaly", classes=("good", "odd"), input=INPUT, decision=DECISION
    ) as draft:
        onnx.save(made, draft / "model.onnx")
    return Model.open(path, "1", None)


@pytest.mark.parametrize("tells", [True, False], ids=["told", "a bundle from before"])
def test_an_explanation_says_where_a_picture_is_unusual(tells: bool, tmp_path: Path) -> None:
    model, engine = opened(tmp_path / "bundle", tells), Engine()
    engine.swap(model)
    assert describe(model)["explains"] is True
    picture = np.zeros((SIDE, SIDE, 1), np.uint8)
    picture[:2, 2:] = 204

    async def asked() -> tuple[str, str]:
        rows, deadline = [codec.encode(picture)], asyncio.get_running_loop().time() + 60
        explained = await engine.answer(rows, deadline=deadline, explained=True)
        plain = await engine.answer(rows, deadline=deadline)
        return explained.answers[0].model_dump_json(), plain.answers[0].model_dump_json()

    explained, plain = map(json.loads, asyncio.run(asked()))
    assert (plain["label"], plain["score"]) == ("odd", pytest.approx(0.8))
    assert "heat" not in plain
    assert explained == plain | ({"heat": [[0.0, 0.8], [0.0, 0.0]]} if tells else {})

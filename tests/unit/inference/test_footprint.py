from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from components.config.errors import BundleError
from components.inference.bundle import MODEL, Bundle, new_bundle
from components.inference.footprint import milliseconds, peak_megabytes


@pytest.mark.slow
def test_what_is_larger_takes_more_memory_and_what_does_more_takes_longer(tmp_path: Path) -> None:
    small, large = made(tmp_path / "small", 10), made(tmp_path / "large", 4_000)
    ballast = np.ones(40_000_000)  # of this process: no affair of the bundle's
    one, other = peak_megabytes(small), peak_megabytes(large)
    assert 20 < one < 300
    assert other > one + 50  # 4,000 x 4,000 weights are 64 MB
    assert ballast.nbytes / 1e6 > one
    fast, slow = milliseconds([Bundle(small), Bundle(large)], np.zeros((1, 1), dtype=np.float32))
    assert slow > 3 * fast


def test_a_bundle_that_cannot_answer_is_one_line(tmp_path: Path) -> None:
    bundle = made(tmp_path / "small", 10)
    (bundle / MODEL).write_bytes(b"no model")
    with pytest.raises(BundleError, match=r"no process can answer with it: .*SHA-256"):
        peak_megabytes(bundle)


def made(path: Path, width: int) -> Path:
    """Write a bundle that multiplies by a matrix of that width and height."""
    weights = np.ones((width, width), dtype=np.float32)
    nodes = [
        helper.make_node("Expand", ["inputs", "shape"], ["wide"]),
        helper.make_node("MatMul", ["wide", "weights"], ["hidden"]),
        helper.make_node("Softmax", ["hidden"], ["probabilities"]),
    ]
    constants = {"weights": weights, "shape": np.array([1, width])}
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("inputs", TensorProto.FLOAT, ["count", 1])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["count", width])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    with new_bundle(path, workload="made", kind="image", classes=("a", "b"), input={}, decision={}) as draft:
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
        onnx.save(model, draft / MODEL)
    return path

import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto
from torch import nn

from components.inference.golden import TOLERANCES
from components.training.float16 import to_float16
from components.training.quantize import answers


class Small(nn.Module):
    """Records -> probabilities and an embedding: large numbers that are scaled, two layers, a head."""

    def __init__(self, largest: float = 1.0) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU())
        self.head = nn.Linear(16, 3)
        with torch.no_grad():
            self.body[0].weight.mul_(largest)
            self.body[2].weight.div_(largest)

    def forward(self, records: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        embedding = self.body((records - 2e6) / 1e6)
        return self.head(embedding).softmax(dim=1), embedding


class Nothing(nn.Module):
    def forward(self, records: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return records.softmax(dim=1), records.exp()


def records(count: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(1e6, 3e6, (count, 4)).astype(np.float32)


def written(module: nn.Module, path: Path) -> Path:
    names = {"input_names": ["inputs"], "output_names": ["probabilities", "embedding"]}
    counts = {name: {0: "count"} for name in ("inputs", "probabilities", "embedding")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the older of two exporters
        example = (torch.from_numpy(records(2)),)
        torch.onnx.export(
            module.eval(), example, str(path), opset_version=18, dynamo=False, dynamic_axes=counts, **names
        )
    return path


def test_layers_are_in_float16_and_what_scales_the_input_and_the_head_are_not(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, out = written(Small(), tmp_path / "model.onnx"), tmp_path / "float16.onnx"
    assert to_float16(model, records(64), out) == 2
    graph = onnx.load(out).graph
    types = {weight.name: weight.data_type for weight in graph.initializer}
    assert Counter(kind for kind in types.values() if kind == TensorProto.FLOAT16) == {TensorProto.FLOAT16: 4}
    assert {types["head.weight"], types["head.bias"]} == {TensorProto.FLOAT}
    assert {value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)} == {TensorProto.FLOAT}
    before, after = answers(model, records(500)), answers(out, records(500))  # as they come, float16 holds none of them
    assert 0 < np.abs(before - after).max() < TOLERANCES["float16"]


def test_the_same_graph_gives_the_same_bytes(tmp_path: Path) -> None:
    model = written(Small(), tmp_path / "model.onnx")
    for name in ("one", "two"):
        to_float16(model, records(8), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("module", [Small(largest=1e6), Nothing()], ids=["too large for float16", "no layer"])
def test_what_cannot_be_in_float16_is_left_as_it_is(module: nn.Module, tmp_path: Path) -> None:
    model = written(module, tmp_path / "model.onnx")
    assert to_float16(model, records(64), tmp_path / "float16.onnx") == 0
    assert (tmp_path / "float16.onnx").read_bytes() == model.read_bytes()

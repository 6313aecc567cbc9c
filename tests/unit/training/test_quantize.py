import collections
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from components.inference.golden import TOLERANCES
from components.training.quantize import fused, quantize


class Small(nn.Module):
    """Pictures -> probabilities: a narrow first layer, two heavy ones, the second with a way past it, a light head."""

    def __init__(self, norm: float) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 8, 2)
        self.stage = nn.Sequential(nn.Conv2d(8, 32, 3, padding=1, bias=False), nn.MaxPool2d(2), nn.BatchNorm2d(32))
        self.past = nn.Sequential(nn.Conv2d(32, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32))
        self.head = nn.Linear(32, 3)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.uniform_(module.bias, -0.5, 0.5)
                nn.init.uniform_(module.running_var, 0.5, 1.5)
        with torch.no_grad():
            self.stage[2].weight[0] = norm

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        features = self.stage(self.first(pictures.permute(0, 3, 1, 2).float() / 255.0 - 0.5)).relu()
        features = (features + self.past(features)).relu()
        return (self.head(features.amax(dim=(2, 3))) / 0.6).softmax(dim=1)


class Depthwise(nn.Module):
    """Pictures -> probabilities: 24 convolutions, every other one of which sees one channel at a time."""

    def __init__(self, sure: float = 1.0) -> None:
        super().__init__()
        self.sure = sure
        pairs = [(nn.Conv2d(1 if index == 0 else 16, 16, 1), nn.Conv2d(16, 16, 3, groups=16)) for index in range(12)]
        self.layers = nn.Sequential(*(part for pair in pairs for layer in pair for part in (layer, nn.ReLU6())))
        self.head = nn.Linear(16, 3)
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
        with torch.no_grad():  # every class is the most probable one of some
            logits = self.logits(torch.from_numpy(examples(64)))
            self.head.bias.sub_(logits.mean(dim=0))
            for part in (self.head.weight, self.head.bias):
                part.div_(logits.std(dim=0).mean())

    def logits(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.head(self.layers(pictures.permute(0, 3, 1, 2).float() / 32.0).mean(dim=(2, 3)))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return (self.sure * self.logits(pictures)).softmax(dim=1)


class Light(nn.Module):
    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values.softmax(dim=1)


def examples(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, 28, 28, 1), dtype=np.uint8)


def answers(model: Path, inputs: NDArray[np.generic]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = onnxruntime.InferenceSession(model).run(None, {"inputs": inputs})[0]
    return found


@pytest.fixture(params=[1.0, -1.0], ids=["rising", "falling"])
def small(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A graph whose batch norm can, or cannot, be moved to before the pooling."""
    torch.manual_seed(0)
    return written(Small(request.param), torch.from_numpy(examples(2)), tmp_path / "model.onnx")


def test_heavy_layers_alone_are_in_int8_and_the_answers_stay(small: Path, tmp_path: Path) -> None:
    assert quantize(small, examples(64), tmp_path / "int8.onnx") == 2
    weights = {weight.name: weight.data_type for weight in onnx.load(tmp_path / "int8.onnx").graph.initializer}
    assert {weights["first.weight"], weights["head.weight"]} == {onnx.TensorProto.FLOAT}
    tail = [node.op_type for node in onnx.load(tmp_path / "int8.onnx").graph.node[-3:]]
    assert tail == ["Gemm", "Div", "Softmax"]  # the head, the temperature and the probabilities stay in float32
    kinds = collections.Counter(weights.values())
    assert kinds[onnx.TensorProto.INT8] >= 2
    before, after = answers(small, examples(200)), answers(tmp_path / "int8.onnx", examples(200))
    assert 0 < np.abs(before - after).max() < 0.05


@pytest.mark.slow
def test_a_network_of_depthwise_convolutions_is_in_int8_but_for_its_first_layers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = written(Depthwise(0.1), torch.from_numpy(examples(2)), tmp_path / "model.onnx")
    layers = quantize(model, examples(64), tmp_path / "int8.onnx")
    assert 25 - layers in (3, 9, 20)
    found = [
        np.abs(answers(_only(model, examples(64), count, tmp_path), examples(64)) - answers(model, examples(64)))
        for count in (3, 9, 20)
    ]
    chosen = np.abs(answers(tmp_path / "int8.onnx", examples(64)) - answers(model, examples(64)))
    assert np.square(chosen).mean() == min(np.square(one).mean() for one in found)
    before, after = answers(model, examples(200)), answers(tmp_path / "int8.onnx", examples(200))
    assert 0 < np.abs(before - after).max() < 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("sure", "left"), [(0.05, 3), (0.8, 20), (10.0, 25)])
def test_of_classes_no_more_layers_stay_in_float32_than_the_loss_asks_for(
    sure: float, left: int, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model = written(Depthwise(sure), torch.from_numpy(examples(2)), tmp_path / "model.onnx")
    assert 25 - quantize(model, examples(64), tmp_path / "int8.onnx", True) == left
    assert _risen(model, tmp_path / "int8.onnx") <= (0.008 if left == 3 else 0.015)
    if left == 20:
        assert _risen(model, _only(model, examples(64), 3, tmp_path)) > 0.008
    if left == 25:
        assert (tmp_path / "int8.onnx").read_bytes() == model.read_bytes()
        assert _risen(model, _only(model, examples(64), 20, tmp_path)) > 0.015


def _risen(model: Path, int8: Path) -> float:
    one, other = (answers(path, examples(64)).clip(1e-7).astype(np.float64) for path in (model, int8))
    return float((one * np.log(one / other)).sum(axis=1).mean())


def _only(model: Path, some: NDArray[np.uint8], first: int, folder: Path) -> Path:
    """Return the graph with exactly that many first layers in float32."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("components.training.quantize._FIRST", (first,))
        quantize(model, some, folder / f"{first}.onnx")
    return folder / f"{first}.onnx"


def test_batch_norms_are_fused_and_nothing_else_changes(
    small: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    found = fused(small, tmp_path)
    left = [node.op_type for node in onnx.load(found).graph.node].count("BatchNormalization")
    assert left == ("falling" in request.node.callspec.id)
    np.testing.assert_allclose(answers(found, examples(50)), answers(small, examples(50)), atol=1e-5)


def test_the_same_graph_and_examples_give_the_same_bytes(small: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        quantize(small, examples(64), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_what_gains_nothing_is_left_as_it_is(tmp_path: Path) -> None:
    model = written(Light(), torch.zeros(2, 3), tmp_path / "model.onnx")
    assert quantize(model, np.zeros((5, 3), dtype=np.float32), tmp_path / "int8.onnx") == 0
    assert (tmp_path / "int8.onnx").read_bytes() == model.read_bytes()


def written(module: nn.Module, example: torch.Tensor, path: Path) -> Path:
    names = {"input_names": ["inputs"], "output_names": ["probabilities"], "dynamic_axes": {"inputs": {0: "count"}}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the older of two exporters
        torch.onnx.export(module.eval(), (example,), str(path), opset_version=18, dynamo=False, **names)
    return path


def test_a_gpu_which_computes_float32_where_int8_is_rounded_answers_alike(small: Path, tmp_path: Path) -> None:
    """ONNX Runtime as it opens a graph for CUDA, but on the CPU: the same graph, its layers not in int8."""
    quantize(small, examples(64), tmp_path / "int8.onnx")
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    session = onnxruntime.InferenceSession(tmp_path / "int8.onnx", options, providers=["CPUExecutionProvider"])
    found: NDArray[np.float32] = session.run(None, {"inputs": examples(200)})[0]
    assert np.abs(found - answers(tmp_path / "int8.onnx", examples(200))).max() < TOLERANCES["int8"]

"""An encoder in int8: its answers stay near, and are those of each example, whatever else is in its batch."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from components.inference.golden import TOLERANCES
from components.training.quantize import quantize
from components.training.quantize_tokens import has_attention
from tests.unit.training.test_quantize import written

WIDTH, TOKENS = 320, 12


class Encoder(nn.Module):
    """Sequences `[N, 12, 320]` -> probabilities: attention between two large products, and a light head."""

    def __init__(self, sure: float) -> None:
        super().__init__()
        self.sure = sure
        self.asked, self.given = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH, bias=False)
        self.head = nn.Linear(WIDTH, 3, bias=False)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        asked = self.asked(tokens)
        weights = (asked @ tokens.transpose(1, 2) / WIDTH**0.5).softmax(dim=2)
        return (self.sure * self.head(self.given(weights @ tokens).mean(dim=1))).softmax(dim=1)


@pytest.fixture
def tokens() -> NDArray[np.float32]:
    """Of very different sizes, so that a scale of all of them would leave nothing of the small ones."""
    random = np.random.default_rng(0)
    sizes = 10.0 ** random.uniform(-2, 2, (40, TOKENS, 1))
    return (sizes * random.normal(size=(40, TOKENS, WIDTH))).astype(np.float32)


def encoder(path: Path, tokens: NDArray[np.float32], sure: float = 1.0) -> Path:
    torch.manual_seed(0)
    return written(Encoder(sure), torch.from_numpy(tokens[:2]), path)


def answers(model: Path, tokens: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = onnxruntime.InferenceSession(model).run(None, {"inputs": tokens})[0]
    return found


def test_large_products_are_in_int8_and_the_answers_stay(tmp_path: Path, tokens: NDArray[np.float32]) -> None:
    model, out = encoder(tmp_path / "model.onnx", tokens), tmp_path / "int8.onnx"
    assert quantize(model, tokens, out, True) == 2
    onnx.checker.check_model(onnx.load(out))
    kinds = [weight.data_type for weight in onnx.load(out).graph.initializer if len(weight.dims) == 2]
    assert kinds.count(onnx.TensorProto.INT8) == 2
    assert out.stat().st_size < 0.4 * model.stat().st_size
    assert 0 < np.abs(answers(model, tokens) - answers(out, tokens)).max() < 0.1


def test_an_answer_does_not_depend_on_what_else_is_asked(tmp_path: Path, tokens: NDArray[np.float32]) -> None:
    model, out = encoder(tmp_path / "model.onnx", tokens), tmp_path / "int8.onnx"
    quantize(model, tokens, out, True)
    alone = np.concatenate([answers(out, one[None]) for one in tokens])
    assert np.abs(alone - answers(out, tokens)).max() < TOLERANCES["float32"]


def test_tokens_of_nothing_stay_nothing(tmp_path: Path, tokens: NDArray[np.float32]) -> None:
    model, out = encoder(tmp_path / "model.onnx", tokens), tmp_path / "int8.onnx"
    quantize(model, tokens, out, True)
    nothing = np.zeros_like(tokens[:1])
    assert answers(out, nothing) == pytest.approx(answers(model, nothing), abs=1e-5)


def test_what_loses_too_much_stays_as_it_is(tmp_path: Path) -> None:
    tokens = np.random.default_rng(0).normal(size=(64, TOKENS, WIDTH)).astype(np.float32)
    model, out = encoder(tmp_path / "model.onnx", tokens, sure=3_000.0), tmp_path / "int8.onnx"
    assert quantize(model, tokens, out, True) == 0
    assert out.read_bytes() == model.read_bytes()
    assert quantize(model, tokens, out) == 2  # of other answers than probabilities it is not known
    assert has_attention(onnx.load(out).graph)

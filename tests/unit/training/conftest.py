"""Two small prepared data sets: learned in a second."""

import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from components.kinds.prepared import PreparedData, open_prepared, write_about

_ROWS = {"train": 400, "validation": 101, "test": 50}
_INPUT = {
    "features": ["amount", "age", "risk", "shop"],
    "definition": {"categories": {"shop": ["x", "y"]}},
    "label_features": ["risk"],
    "amount_feature": "amount",
}


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Forget who hears signals: a training that a test breaks off, as a kill would, is not there to do so."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # whoever was here before
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def pictures(tmp_path: Path) -> PreparedData:
    """Scikit-learn's handwritten digits, 8 x 8."""
    digits, first = load_digits(), 0
    for split, count in _ROWS.items():
        part = slice(first, first + count)
        images = (digits.images[part] * 255 / 16).astype(np.uint8)[..., None]
        _write(tmp_path, split, images, digits.target[part].astype(np.int64))
        first += count
    write_about(tmp_path, "image", list("0123456789"), {"height": 8, "width": 8, "channels": 1}, _ROWS)
    return open_prepared(tmp_path)


@pytest.fixture
def records(tmp_path: Path) -> PreparedData:
    """Records of which the dear ones are positive."""
    random = np.random.default_rng(0)
    for split, count in _ROWS.items():
        inputs = random.normal(size=(count, 4)).astype(np.float32)
        inputs[:, 3] = random.integers(0, 3, count)
        _write(tmp_path, split, inputs, (inputs[:, 0] > 1.0).astype(np.int64))
        np.save(tmp_path / f"{split}_amounts.npy", np.exp(inputs[:, 0]).astype(np.float64))
    write_about(tmp_path, "table", ["0", "1"], _INPUT, _ROWS)
    return open_prepared(tmp_path)


def _write(path: Path, split: str, inputs: np.ndarray, labels: np.ndarray) -> None:
    np.save(path / f"{split}_inputs.npy", inputs)
    np.save(path / f"{split}_labels.npy", labels)

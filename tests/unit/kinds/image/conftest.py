"""A prepared data set of real pictures, for what evaluates a model of them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

from components.kinds.prepared import PreparedData, open_prepared, write_about

COUNTS = {"train": 1_000, "validation": 97, "test": 700}


@pytest.fixture
def written(tmp_path: Path) -> PreparedData:
    """Scikit-learn's handwritten digits, twice their size; to be corrupted."""
    digits = load_digits()
    pictures = np.stack([_larger((picture * 255 / 16).astype(np.uint8)) for picture in digits.images])
    start = 0
    for split, count in COUNTS.items():
        np.save(tmp_path / f"{split}_inputs.npy", pictures[start : start + count])
        np.save(tmp_path / f"{split}_labels.npy", digits.target[start : start + count])
        start += count
    input = {"height": 16, "width": 16, "channels": 1, "background": 0}
    write_about(tmp_path, "image", [str(digit) for digit in range(10)], input, COUNTS)
    return open_prepared(tmp_path)


def _larger(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(picture).resize((16, 16), Image.Resampling.BICUBIC))[..., None]

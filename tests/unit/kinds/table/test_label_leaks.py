from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.datasets import load_iris

from components.kinds.table.codec.features import Definition
from components.kinds.table.prepare.leaks import leaks

IRIS = load_iris()


def found(column: NDArray[np.floating], labels: NDArray[np.int64], tmp_path: Path) -> int:
    np.save(tmp_path / "train_inputs.npy", column.astype(np.float32)[:, None])
    np.save(tmp_path / "train_labels.npy", labels)
    sizes = Definition(id=None, amount=None, decimals=2, delay=0.0, entities=(), numbers=("size",), categories={})
    return leaks(tmp_path, sizes).count


@pytest.mark.parametrize("feature", range(4))
def test_a_good_feature_that_tells_one_of_three_classes_is_no_leak(feature: int, tmp_path: Path) -> None:
    assert found(IRIS.data[:, feature], IRIS.target, tmp_path) == 0


def test_a_column_that_tells_every_class_is_a_leak(tmp_path: Path) -> None:
    assert found(IRIS.target * 7.0 + IRIS.data[:, 0] / 100, IRIS.target, tmp_path) == 1

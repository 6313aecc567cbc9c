from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from components.kinds.evaluation import Leak
from components.kinds.prepared import PreparedData, open_prepared, write_about
from components.kinds.table.codec.features import DAY
from components.kinds.table.evaluation.leak import find_leaks

COUNTS = {"train": 500, "validation": 50, "test": 300}


@pytest.fixture
def data(tmp_path: Path) -> PreparedData:
    """Ten days of training before three of evaluation."""
    random = np.random.default_rng(0)
    for split, first, days in (("train", 0, 10), ("test", 12, 3)):
        count = COUNTS[split]
        inputs = random.random((count, 4)).astype(np.float32)
        inputs[::7, 1] = np.nan
        np.save(tmp_path / f"{split}_inputs.npy", inputs)
        np.save(tmp_path / f"{split}_times.npy", np.sort(random.integers(first * DAY, (first + days) * DAY, count)))
    write_about(tmp_path, "table", ["0", "1"], {}, COUNTS)
    return open_prepared(tmp_path)


def changed(data: PreparedData, name: str) -> NDArray[np.generic]:
    return np.array(np.load(data.path / f"{name}.npy"))


def test_training_that_ends_before_the_test_is_no_leak(data: PreparedData) -> None:
    assert find_leaks(data) == [Leak("later", 0, 500, ""), Leak("same", 0, 300, "")]


def test_training_records_later_than_the_first_test_record_are_found(data: PreparedData) -> None:
    times = changed(data, "train_times")
    times[-3:] = 13 * DAY
    np.save(data.path / "train_times.npy", times)
    later, same = find_leaks(data)
    assert (later.count, later.of, same.count) == (3, 500, 0)
    assert later.example.startswith("training record 497 is of 1970-01-14 00:00:00+00:00, the test begins 1970-01-13")


def test_records_that_stand_in_both_are_found(data: PreparedData) -> None:
    for name in ("inputs", "times"):
        train, test = changed(data, f"train_{name}"), changed(data, f"test_{name}")
        train[-14:] = test[7:21]  # one of them has a value missing, twice
        if name == "inputs":
            train[-5:, 0] += 1.0  # of the same time, and others
        np.save(data.path / f"train_{name}.npy", train)
    later, same = find_leaks(data)
    assert later.count == 14
    assert (same.count, same.of, same.example) == (9, 300, "test record 7 is training record 486")

"""What an export says of unfamiliar examples, and where it tells nothing."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from components import catalogue
from components.inference.unfamiliar import UnfamiliarTest
from components.kinds.prepared import PreparedData, open_prepared, write_about
from components.training.unfamiliar import say_rate, tell_unfamiliar


class Measured(nn.Module):
    """Tells by nothing, and remembers that it was asked to."""

    asked = False

    def measure_unfamiliarity(self, data: PreparedData) -> None:
        """Remember it."""
        self.asked = True


def prepared(folder: Path, validation: int) -> PreparedData:
    counts = {"train": 4, "validation": validation, "test": 4}
    for split, count in counts.items():
        np.save(folder / f"{split}_inputs.npy", np.zeros((count, 2), np.float32))
        np.save(folder / f"{split}_labels.npy", np.zeros(count, np.int64))
    write_about(folder, "table", ["a", "b"], {}, counts, "classification")
    return open_prepared(folder)


@pytest.mark.parametrize(
    ("serving", "task", "rate", "validation", "tells"),
    [
        (Measured(), "classification", 0.01, 4, True),
        (Measured(), "classification", 0.0, 4, False),
        (Measured(), "anomaly", 0.01, 4, False),
        (torch.nn.Identity(), "classification", 0.01, 4, False),
        (Measured(), "classification", 0.01, 0, False),
    ],
    ids=["told", "not wanted", "of a task that answers how unusual it is", "not known", "no validation split"],
)
def test_it_is_told_where_it_can_be(
    serving: Any, task: str, rate: float, validation: int, tells: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    codec = catalogue.codec("table", task)
    assert tell_unfamiliar(serving, prepared(tmp_path, validation), codec, rate) == tells
    assert getattr(serving, "asked", False) == tells
    assert ("no validation examples to find the threshold by" in caplog.text) == (validation == 0)


def test_a_rate_that_cannot_be_promised_is_said_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        say_rate(UnfamiliarTest.calibrated(np.arange(24, dtype=np.float32), 0.01), 0.01)
        say_rate(UnfamiliarTest.calibrated(np.arange(99, dtype=np.float32), 0.01), 0.01)
    few, enough = caplog.records
    assert few.levelno == logging.WARNING
    assert few.getMessage() == (
        "unfamiliar: 24 validation examples cannot promise a false-alarm rate of 0.01, only of 0.04"
    )
    assert enough.levelno == logging.INFO

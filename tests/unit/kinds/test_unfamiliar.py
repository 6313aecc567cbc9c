"""How unlike its training split an example is, as the graph tells it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from components.kinds.embedding import WIDEST
from components.kinds.prepared import SPLITS, PreparedData, open_prepared, write_about
from components.kinds.unfamiliar import Unfamiliarity

CORRELATED = np.array([[1.0, 0.9], [0.9, 1.0]])


@pytest.fixture
def data(tmp_path: Path) -> PreparedData:
    """Return two correlated numbers; validation is not empty."""
    for index, split in enumerate(SPLITS):
        numbers = np.random.default_rng(index).multivariate_normal([5.0, -3.0], CORRELATED, 600)
        np.save(tmp_path / f"{split}_inputs.npy", numbers.astype(np.float32))
        np.save(tmp_path / f"{split}_labels.npy", np.zeros(600, np.int64))
    write_about(tmp_path, "image", ["a", "b"], {}, dict.fromkeys(SPLITS, 600), "classification")
    return open_prepared(tmp_path)


def see(inputs: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Return one logit, the first number, and both numbers as features."""
    return inputs[:, :1], [inputs]


def test_what_lies_off_the_correlation_is_unlike_though_no_number_is(data: PreparedData) -> None:
    found = Unfamiliarity.measured(data, False, see)
    on, off, far = found(*see(torch.tensor([[6.5, -1.5], [6.5, -4.5], [50.0, 42.0]])))
    assert float(on) < 2.0 < float(off) < float(far)
    told = found(*see(torch.from_numpy(np.array(data.inputs("validation")))))
    assert float(told.mean()) == pytest.approx(0.0, abs=1e-5)
    assert float(told.std()) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("classes", [1, 3])
def test_the_energy_of_logits_counts_as_well(classes: int, data: PreparedData) -> None:
    def logits(inputs: Tensor) -> tuple[Tensor, list[Tensor]]:
        return inputs[:, :1].expand(-1, classes), [inputs[:, 1:]]

    found = Unfamiliarity.measured(data, True, logits)
    sure, unsure = torch.full((1, classes), 9.0), torch.zeros(1, classes)
    same = [torch.tensor([[-3.0]])]
    assert float(found(unsure, same)) > float(found(sure, same)) + 1.0


def test_a_wide_block_counts_by_fewer_numbers(data: PreparedData) -> None:
    def wide(inputs: Tensor) -> tuple[Tensor, list[Tensor]]:
        return inputs[:, :1], [inputs.repeat(1, 100)]

    found = Unfamiliarity.measured(data, False, wide)
    assert found.gaussian.whitening.shape == (WIDEST, WIDEST)
    usual, odd = found(*wide(torch.tensor([[5.0, -3.0], [9.0, -9.0]])))
    assert float(odd) > float(usual) + 3.0


def test_examples_that_are_all_alike_are_no_trouble(tmp_path: Path) -> None:
    for split in SPLITS:
        np.save(tmp_path / f"{split}_inputs.npy", np.ones((4, 2), np.float32))
        np.save(tmp_path / f"{split}_labels.npy", np.zeros(4, np.int64))
    write_about(tmp_path, "image", ["a"], {}, dict.fromkeys(SPLITS, 4), "classification")
    found = Unfamiliarity.measured(open_prepared(tmp_path), True, see)
    same, other = found(*see(torch.tensor([[1.0, 1.0], [1.0, 2.0]])))
    assert np.isfinite([float(same), float(other)]).all()
    assert float(other) > float(same)

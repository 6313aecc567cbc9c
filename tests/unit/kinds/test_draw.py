"""Drawn splits: stable, in the parts that are asked for, and with every class in each."""

import numpy as np
import pytest
from numpy.typing import NDArray

from components.kinds.draw import TEST, TRAIN, VALIDATION, draw

PARTS = (0.15, 0.2)
SPLITS = (TRAIN, VALIDATION, TEST)


def keys_of(count: int, seed: int = 0) -> NDArray[np.uint64]:
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


def shares(splits: NDArray[np.int8]) -> list[float]:
    return [float((splits == split).mean()) for split in SPLITS]


@pytest.mark.parametrize("labels", [None, np.zeros(20_000, dtype=np.int64), np.linspace(-1.0, 1.0, 20_000)])
def test_parts_are_those_that_are_asked_for(labels: NDArray[np.generic] | None) -> None:
    assert shares(draw(keys_of(20_000), labels, *PARTS)) == pytest.approx([0.65, 0.15, 0.2], abs=0.01)


def test_a_record_stays_where_it_is_when_others_come() -> None:
    keys, labels = keys_of(8_000), np.arange(8_000) % 3
    few = draw(keys[:2_000], labels[:2_000], *PARTS)
    order = np.random.default_rng(1).permutation(8_000)
    assert (draw(keys[order], labels[order], *PARTS)[np.argsort(order)][:2_000] == few).all()


def test_records_of_one_key_stay_together() -> None:
    keys = np.repeat(keys_of(300), 4)
    splits = draw(keys, np.arange(1_200) % 5, *PARTS).reshape(300, 4)
    assert (splits == splits[:, :1]).all()
    assert set(splits[:, 0].tolist()) == set(SPLITS)


@pytest.mark.parametrize("seed", range(20))
def test_a_small_class_is_in_every_split(seed: int) -> None:
    labels = np.repeat([0, 1, 2, -1], [200, 12, 3, 50])
    splits = draw(keys_of(265, seed), labels, *PARTS)
    for label, least in ((0, 15), (1, 1), (2, 1)):
        counts = [int((splits[labels == label] == split).sum()) for split in SPLITS]
        assert min(counts) >= least, (label, counts)
    others = draw(keys_of(265, seed), np.where(labels == 0, 0, -1), *PARTS)
    moved = splits != others
    assert set(labels[moved].tolist()) <= {1, 2}  # to help a small class, no other is touched


@pytest.mark.parametrize(("count", "splits"), [(1, {TRAIN}), (2, {TRAIN, TEST}), (3, set(SPLITS)), (9, set(SPLITS))])
def test_a_class_of_few_is_in_train_first_and_then_in_test(count: int, splits: set[int]) -> None:
    for seed in range(20):
        labels = np.repeat([0, 7], [100, count])
        assert set(draw(keys_of(100 + count, seed), labels, *PARTS)[labels == 7].tolist()) == splits


def test_a_tiny_table_of_numbers_to_predict_has_something_in_every_split() -> None:
    for seed in range(20):
        assert set(draw(keys_of(5, seed), np.linspace(0.0, 1.0, 5), *PARTS).tolist()) == set(SPLITS)

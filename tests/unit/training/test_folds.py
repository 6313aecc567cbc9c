from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kinds.prepared import SPLITS, open_prepared
from components.kinds.resplit import all_examples
from components.tasks.out_of_fold import identities
from components.training.folds import assigned, make_folds
from tests.unit.small_data import small_data


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(-1, 3)), min_size=1, max_size=80),
    st.integers(2, 7),
    st.randoms(use_true_random=False),
)
def test_units_are_whole_and_no_order_decides(pairs: list[tuple[int, int]], count: int, random: object) -> None:
    units, labels = (np.array(values) for values in zip(*pairs, strict=True))
    folds = assigned(units, labels, count)
    assert set(folds) == set(range(min(count, len(set(units)))))
    assert all(len(set(folds[units == unit])) == 1 for unit in set(units))
    order = np.random.default_rng(len(pairs)).permutation(len(pairs))
    assert (assigned(units[order], labels[order], count) == folds[order]).all()


@pytest.mark.parametrize("count", [2, 5, 10])
def test_each_class_is_held_alike_in_every_fold(count: int) -> None:
    labels = np.array([0] * 50 + [1] * 33 + [2] * 7)
    folds = assigned(np.random.default_rng(0).permutation(90), labels, count)
    for label in range(3):
        found = np.bincount(folds[labels == label], minlength=count)
        assert found.max() - found.min() <= 1
    assert np.ptp(np.bincount(folds)) <= 2


def test_every_example_is_tested_once_and_never_learned_by_who_is_tested(tmp_path: Path) -> None:
    data = small_data(tmp_path, count=100)
    folds = make_folds(data, 5)
    tested = np.concatenate([fold.array("test", "keys") for fold in folds])
    assert sorted(tested) == sorted(all_examples(data, "keys"))
    for fold in folds:
        splits = [set(fold.array(split, "keys").tolist()) for split in SPLITS]
        assert sum(map(len, splits)) == len(set.union(*splits)) == 100
        assert fold.counts == {"train": 60, "validation": 20, "test": 20}
        assert fold.inputs("train").shape == (60, 2)


def test_groups_and_copies_stay_whole(tmp_path: Path) -> None:
    data = small_data(tmp_path, count=100)
    for split in SPLITS:
        np.save(tmp_path / f"{split}_keys.npy", data.array(split, "keys") % np.uint64(30))
    first = data.inputs("train")[0].copy()
    for split in ("validation", "test"):
        inputs = np.array(data.inputs(split))
        inputs[0] = first
        np.save(tmp_path / f"{split}_inputs.npy", inputs)
    folds = make_folds(open_prepared(tmp_path), 5)
    for of_fold in (
        lambda fold, split: fold.array(split, "keys"),
        lambda fold, split: identities(fold.inputs(split)),
    ):
        for fold in folds:
            parts = [set(of_fold(fold, split).tolist()) for split in SPLITS]
            assert sum(map(len, parts)) == len(set.union(*parts))


def test_a_class_that_is_kept_for_the_evaluation_is_never_learned(tmp_path: Path) -> None:
    data = small_data(tmp_path, task="anomaly", count=100)
    np.save(tmp_path / "train_labels.npy", np.zeros(data.counts["train"], dtype=np.int64))
    folds = make_folds(open_prepared(tmp_path), 5)
    assert [set(fold.labels("train").tolist()) for fold in folds] == [{0}] * 5
    assert [set(fold.labels("validation").tolist()) for fold in folds] == [{0, 1}] * 5
    np.save(tmp_path / "validation_labels.npy", np.zeros(data.counts["validation"], dtype=np.int64))
    folds = make_folds(open_prepared(tmp_path), 5)
    assert [set(fold.labels("validation").tolist()) for fold in folds] == [{0}] * 5
    assert sum(int((fold.labels("test") == 1).sum()) for fold in folds) == int(
        (all_examples(data, "labels") == 1).sum()
    )


def test_there_are_no_more_folds_than_groups(tmp_path: Path) -> None:
    data = small_data(tmp_path, count=40)
    for split in SPLITS:
        np.save(tmp_path / f"{split}_keys.npy", data.array(split, "keys") % np.uint64(3))
    assert len(make_folds(open_prepared(tmp_path), 5)) == 3

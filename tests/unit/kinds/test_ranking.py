import numpy as np
import pytest
from numpy.typing import DTypeLike
from sklearn.metrics import average_precision_score, roc_auc_score

from components.kinds.ranking import average_precision, roc_auc

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("offset", [0.0, -0.5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_average_precision_and_roc_auc_are_scikit_learns(dtype: DTypeLike, offset: float, ties: bool) -> None:
    for count in (1, 2, 30, 3_000):
        labels = (RANDOM.random(count) < 0.2).astype(np.int64)
        scores = RANDOM.random(count).astype(dtype) + dtype(offset)
        labels[0] = 1
        scores = scores.round(1) if ties else scores
        assert average_precision(labels, scores) == pytest.approx(average_precision_score(labels, scores))
        if len(set(labels)) == 2:
            assert roc_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))


def test_scores_that_differ_in_float64_alone_are_told_apart() -> None:
    labels, scores = np.array([0, 1]), np.array([0.5, 0.5 + 1e-12])
    assert (roc_auc(labels, scores), roc_auc(labels, scores.astype(np.float32))) == (1.0, 0.5)


def test_zeros_of_both_signs_are_equal_and_infinities_the_ends() -> None:
    labels = np.array([True, False, True, False])
    assert roc_auc(labels, np.array([0.0, -0.0, np.inf, -np.inf], np.float32)) == pytest.approx((3 + 0.5) / 4)


def test_of_one_class_nothing_is_ranked() -> None:
    assert np.isnan(roc_auc(np.ones(5, np.int64), np.ones(5, np.float32)))
    assert np.isnan(average_precision(np.zeros(5, np.int64), np.ones(5, np.float32)))
    assert np.isnan(average_precision(np.zeros(0, np.int64), np.ones(0, np.float32)))

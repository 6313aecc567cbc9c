import numpy as np
import pytest
from numpy.typing import NDArray

from components.relabelling.confident import confident


def test_the_joint_is_that_of_the_definition() -> None:
    """Thresholds 0.65 and 0.6 by hand: the first is sure of 0, the third of 1 though it is labelled 0."""
    probabilities = np.array([[0.9, 0.1], [0.85, 0.15], [0.2, 0.8], [0.4, 0.6], [0.4, 0.6]])
    labels = np.array([0, 0, 0, 1, 1])
    found = confident(probabilities, labels)
    assert found.joint.tolist() == [[2, 1], [0, 2]]
    assert found.likely.tolist() == [-1, -1, 1, -1, -1]
    assert found.suspects.tolist() == [2]
    assert found.wrong == pytest.approx(1.0)
    assert found.confidence.tolist() == [0.9, 0.85, 0.2, 0.6, 0.6]


def test_who_is_sure_of_no_class_is_in_no_cell() -> None:
    probabilities = np.array([[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]])
    found = confident(probabilities, np.array([0, 0, 1]))
    assert found.joint.sum() == 2
    assert found.likely.tolist() == [-1, -1, -1]


def test_a_class_that_nobody_is_labelled_with_is_never_likely() -> None:
    probabilities = np.array([[0.6, 0.1, 0.3], [0.1, 0.2, 0.7], [0.1, 0.8, 0.1], [0.7, 0.2, 0.1]])
    found = confident(probabilities, np.array([0, 0, 1, 0]))
    assert 2 not in found.likely
    assert found.joint[:, 2].sum() == 0


def drawn(rare: float, random: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Two classes, of which one is rare, and the probabilities of a calibrated model."""
    score = random.normal(size=4_000) * 3 + np.log(rare / (1 - rare)) * 2
    positive = 1 / (1 + np.exp(-score))
    labels = (random.random(4_000) < positive).astype(np.int64)
    return np.stack([1 - positive, positive], axis=1), labels


@pytest.mark.parametrize("rare", [0.5, 0.1])
def test_most_of_the_list_is_what_was_made_wrong(rare: float) -> None:
    random = np.random.default_rng(0)
    probabilities, true = drawn(rare, random)
    wrong = random.random(len(true)) < 0.05
    found = confident(probabilities, np.where(wrong, 1 - true, true))
    first = found.suspects[: int(wrong.sum() // 2)]
    assert wrong[first].mean() > 0.6  # chance is 0.05; what is left are labels that the model itself finds unlikely
    assert wrong[found.suspects].sum() > 0.6 * wrong.sum()

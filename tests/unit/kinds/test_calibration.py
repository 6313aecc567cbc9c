import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import brier_score_loss

from components.kinds.calibration import (
    brier_score,
    can_fit_temperature,
    expected_calibration_error,
    fit_temperature,
    reliability,
)

Pair = tuple[NDArray[np.float64], NDArray[np.int64]]


def drawn(count: int, classes: int, temperature: float, seed: int = 0) -> Pair:
    """Return logits, and labels drawn from their softmax at the temperature: then that is the right one."""
    random = np.random.default_rng(seed)
    logits = random.normal(0.0, 3.0, (count, classes))
    chances = softmax(logits / temperature, axis=1)
    labels = (chances.cumsum(axis=1) < random.random((count, 1))).sum(axis=1)
    return logits, np.minimum(labels, classes - 1)


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_the_temperature_that_made_the_labels_is_found(classes: int, temperature: float) -> None:
    assert fit_temperature(*drawn(50_000, classes, temperature)) == pytest.approx(temperature, rel=0.05)


@pytest.mark.parametrize("classes", [2, 10])
def test_no_other_temperature_is_more_likely(classes: int) -> None:
    logits, labels = drawn(3_000, classes, 1.7)

    def loss(size: float) -> float:
        return float(-log_softmax(logits / np.exp(size), axis=1)[np.arange(len(labels)), labels].mean())

    best = np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x)
    assert fit_temperature(logits, labels) == pytest.approx(best, rel=5e-3)


def test_a_temperature_makes_what_is_promised_come_true() -> None:
    logits, labels = drawn(20_000, 5, 3.0)
    plain, mended = (softmax(logits / factor, axis=1) for factor in (1.0, fit_temperature(logits, labels)))
    assert expected_calibration_error(plain, labels) > 0.15
    assert expected_calibration_error(mended, labels) < 0.02
    assert brier_score(mended, labels) < brier_score(plain, labels)


def test_no_mistake_among_few_is_no_certainty() -> None:
    logits = np.array([[4.0, 0.0, 0.0]] * 60)
    told = softmax(logits / fit_temperature(logits, np.zeros(60, np.int64)), axis=1)[0, 0]
    assert told == pytest.approx(61 / 62, abs=1e-3)  # Laplace's rule of succession


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1_000), st.sampled_from([2, 3, 7]), st.integers(1, 200), st.floats(0.01, 1e4))
def test_any_logits_have_a_temperature(seed: int, classes: int, count: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    logits = (scale * random.normal(size=(count, classes))).astype(np.float32)
    assert 0.05 <= fit_temperature(logits, random.integers(0, classes, count)) <= 20.0


def test_too_few_labels_are_not_enough() -> None:
    assert can_fit_temperature(np.repeat([0, 1, 2], 20))
    assert not can_fit_temperature(np.repeat([0, 1], 20))
    assert not can_fit_temperature(np.repeat([0, 1], [500, 9]))  # nothing but negatives, nearly
    assert not can_fit_temperature(np.empty(0, np.int64))


def test_the_error_is_the_distance_of_promise_and_finding() -> None:
    sure = np.tile([0.1, 0.8, 0.1], (1_000, 1))
    labels = np.repeat([1, 0], [600, 400])
    assert expected_calibration_error(sure, labels) == pytest.approx(0.2)
    curve = reliability(sure, labels)
    assert (curve.predicted, curve.observed, curve.count) == (pytest.approx([0.8]), pytest.approx([0.6]), [1_000])


def test_of_two_classes_the_second_is_looked_at() -> None:
    rare = np.tile([0.99, 0.01], (1_000, 1))
    assert expected_calibration_error(rare, np.repeat([0, 1], [990, 10])) == pytest.approx(0.0)
    assert reliability(rare, np.repeat([0, 1], [990, 10])).predicted == pytest.approx([0.01])


def test_bins_hold_as_many_and_equals_share_one() -> None:
    random = np.random.default_rng(0)
    positive = random.random(3_000)
    probabilities = np.stack([1 - positive, positive], axis=1)
    labels = (random.random(3_000) < positive).astype(np.int64)
    assert set(reliability(probabilities, labels, 15).count.tolist()) == {200}
    assert expected_calibration_error(probabilities, labels) < 0.05
    rounded = probabilities.round(1)
    shuffled = random.permutation(3_000)
    assert expected_calibration_error(rounded, labels) == pytest.approx(
        expected_calibration_error(rounded[shuffled], labels[shuffled])
    )


def test_the_brier_score_is_the_fields_own() -> None:
    random = np.random.default_rng(0)
    labels, positive = random.integers(0, 2, 500), random.random(500)
    both = np.stack([1 - positive, positive], axis=1)
    assert brier_score(both, labels) == pytest.approx(brier_score_loss(labels, positive))
    many, names = random.dirichlet(np.ones(4), 500), random.integers(0, 4, 500)
    assert brier_score(many, names) == pytest.approx(((many - np.eye(4)[names]) ** 2).sum(axis=1).mean())
    assert brier_score(np.eye(4)[names], names) == 0.0

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax

from components.kinds.ranking import average_precision
from components.watch.statistics.calibration import fit_calibration
from components.watch.statistics.expected_metric import expected_error, expected_metric

Drawn = tuple[NDArray[np.float64], NDArray[np.int64]]


def _detections(seed: int, rows: int, shift: float = 0.0) -> Drawn:
    """Probabilities that are too sure, and labels."""
    random = np.random.default_rng(seed)
    logit = random.normal(shift, 1.5, rows)
    labels = random.random(rows) < 1 / (1 + np.exp(-logit))
    said = 1 / (1 + np.exp(-2 * logit - 0.5))
    return np.stack([1 - said, said], axis=1), labels.astype(np.int64)


def test_the_correction_is_that_of_the_reference() -> None:
    found = fit_calibration(*_detections(0, 4_000), draws=40)
    assert found.slope.mean() == pytest.approx(0.5, abs=0.06)
    assert found.offset.mean() == pytest.approx(-0.25, abs=0.15)
    few = fit_calibration(*_detections(0, 300), draws=40)
    assert few.slope.std() > 2 * found.slope.std()


def test_more_than_two_classes_have_a_temperature() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (3_000, 5))
    labels = (softmax(logits, axis=1).cumsum(axis=1) < random.random((3_000, 1))).sum(axis=1).clip(0, 4)
    found = fit_calibration(softmax(2 * logits, axis=1), labels, draws=20)
    assert found.slope.mean() == pytest.approx(0.5, abs=0.05)
    assert (found.offset == 0).all()
    accuracy = expected_metric(softmax(2 * logits, axis=1), lambda drawn: (drawn == logits.argmax(1)).mean(), found)
    assert accuracy.low < (labels == logits.argmax(1)).mean() < accuracy.high


def test_rows_of_one_entity_say_less() -> None:
    probabilities, labels = _detections(0, 100)
    alone = fit_calibration(probabilities, labels, draws=40)
    entity = np.repeat(np.arange(100), 10)
    repeated = fit_calibration(probabilities.repeat(10, axis=0), labels.repeat(10), entity, draws=40)
    assert repeated.slope.std() > 0.6 * alone.slope.std()


def test_metrics_are_foreseen_under_covariate_shift() -> None:
    calibration = fit_calibration(*_detections(0, 3_000), draws=60)
    before, old = _detections(1, 3_000)
    now, labels = _detections(2, 3_000, shift=1.0)
    flagged = now[:, 1] > 0.5
    accuracy = expected_metric(now, lambda drawn: (drawn == flagged).mean(), calibration, draws=60)
    true = (labels == flagged).mean()
    assert accuracy.low - 0.01 < true < accuracy.high + 0.01
    assert abs(accuracy.estimate - true) < abs((old == (before[:, 1] > 0.5)).mean() - true)
    precision = expected_metric(now, lambda drawn: average_precision(drawn, now[:, 1]), calibration, draws=60)
    assert precision.estimate == pytest.approx(average_precision(labels, now[:, 1]), abs=0.02)


def test_labels_that_flip_are_not_seen() -> None:
    calibration = fit_calibration(*_detections(0, 3_000), draws=20)
    now, labels = _detections(1, 2_000)
    flagged = now[:, 1] > 0.5
    expected = expected_metric(now, lambda drawn: (drawn == flagged).mean(), calibration, draws=20)
    assert expected.low > 0.6 > (1 - labels == flagged).mean()


def test_a_recall_of_draws_without_a_positive_is_left_out() -> None:
    rare = np.tile([0.999, 0.001], (100, 1))
    found = expected_metric(rare, lambda drawn: 1.0 if drawn.any() else float("nan"))
    assert found.estimate == 1.0
    assert np.isnan(expected_metric(rare[:0], lambda drawn: 1.0).estimate)


def test_an_error_is_foreseen_from_the_width_of_intervals() -> None:
    random = np.random.default_rng(0)
    widths, wider = random.uniform(0.5, 2.0, 1_500), random.uniform(1.5, 2.0, 800)
    errors, coming = np.abs(random.normal(0, widths)), np.abs(random.normal(0, wider))
    found = expected_error(wider, widths, errors, draws=60)
    assert found.low - 0.03 < coming.mean() < found.high + 0.03
    assert found.low > errors.mean()
    assert np.isnan(expected_error(wider[:0], widths, errors).estimate)

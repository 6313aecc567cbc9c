import io

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss, recall_score

from components import catalogue
from components.kinds.calibration import brier_score, expected_calibration_error
from components.kinds.image.params import Train
from components.kinds.prepared import PreparedData
from components.tasks.classification.evaluation import metrics
from components.tasks.classification.objective.macro_f1 import confusion_matrix as confusion

CONFIG = Train.model_validate({"recipe": "quick"})
evaluation = catalogue.evaluation("image")


def test_metrics_are_the_fields_own() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 5, 400)
    probabilities = random.dirichlet(np.ones(5), 400).astype(np.float32)
    predicted = probabilities.argmax(axis=1)
    measured = metrics.answer_metrics(probabilities, labels)
    assert measured["accuracy"] == pytest.approx(accuracy_score(labels, predicted))
    assert measured["macro_f1"] == pytest.approx(f1_score(labels, predicted, average="macro"))
    assert measured["log_loss"] == pytest.approx(log_loss(labels, probabilities), rel=1e-5)
    assert measured["expected_calibration_error"] == expected_calibration_error(probabilities, labels)
    assert measured["brier_score"] == brier_score(probabilities, labels)
    assert (confusion(probabilities, labels) == confusion_matrix(labels, predicted)).all()


def test_a_bundle_for_pictures_of_another_size_does_not_fit(written: PreparedData) -> None:
    assert evaluation.accepts(dict(written.input) | {"background": 255}, written)
    for other in ({"height": 28}, {"width": 28}, {"channels": 3}):
        assert not evaluation.accepts(dict(written.input) | other, written)


def test_values_are_the_metric_wherever_one_looks(written: PreparedData) -> None:
    random = np.random.default_rng(0)
    labels = np.asarray(written.labels("test"))
    probabilities = random.dirichlet(np.ones(10), len(labels)).astype(np.float32)
    probabilities[np.arange(len(labels)), labels] += 0.3
    correct = evaluation.correct(written, probabilities, {}, CONFIG)
    assert correct.mean() == metrics.answer_metrics(probabilities, labels)["accuracy"]
    indices = random.integers(0, len(labels), 900)
    assert evaluation.value(written, probabilities, {}, CONFIG, indices) == pytest.approx(correct[indices].mean())
    some = evaluation.measures(written, probabilities, {}, CONFIG, indices)
    whole = metrics.answer_metrics(probabilities[indices], labels[indices])
    assert some == {name: whole[name] for name in whole if name != "expected_calibration_error"}
    without = evaluation.measures(written, probabilities, {}, CONFIG, np.flatnonzero(labels != 3))
    assert [name for name, value in without.items() if np.isnan(value)] == ["macro_f1"]  # it would be of nine classes
    slices = evaluation.slices(written, CONFIG)
    assert list(slices) == [f"class: {digit}" for digit in range(10)]
    recall = recall_score(labels, probabilities.argmax(axis=1), average=None)
    found = [
        evaluation.slice_correct(written, probabilities, {}, CONFIG, mask)[mask].mean() for mask in slices.values()
    ]
    assert found == pytest.approx(recall)
    assert evaluation.is_probabilistic(CONFIG)


@pytest.mark.slow
def test_every_figure_can_be_drawn(written: PreparedData) -> None:
    probabilities = np.random.default_rng(0).dirichlet(np.ones(10), len(written.labels("test"))).astype(np.float32)
    drawn = evaluation.figures(written, probabilities, {}, CONFIG)
    assert set(drawn) == {"confusion", "calibration", "samples", "worst_mistakes"}
    for figure in drawn.values():
        figure.savefig(io.BytesIO(), format="png")
    (axes,) = drawn["calibration"].axes
    error = expected_calibration_error(probabilities, np.asarray(written.labels("test")))
    assert axes.get_title() == f"Expected calibration error {error:.3f} on 700 test examples"

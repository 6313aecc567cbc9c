import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss

from components.kinds.image import exam


def test_metrics_are_the_fields_own() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 5, 400)
    probabilities = random.dirichlet(np.ones(5), 400).astype(np.float32)
    predicted = probabilities.argmax(axis=1)
    measured = exam.measures(probabilities, labels)
    assert measured["accuracy"] == pytest.approx(accuracy_score(labels, predicted))
    assert measured["macro_f1"] == pytest.approx(f1_score(labels, predicted, average="macro"))
    assert measured["log_loss"] == pytest.approx(log_loss(labels, probabilities), rel=1e-5)
    assert (exam.confusion_matrix(probabilities, labels) == confusion_matrix(labels, predicted)).all()

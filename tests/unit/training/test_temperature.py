import logging
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import log_softmax

from components import catalogue
from components.config.params import parse
from components.kinds.image.params import Train as PictureTrain
from components.kinds.prepared import PreparedData
from components.kinds.table.params import Train as RecordTrain
from components.tasks.learner import TaskLearner
from components.training.temperature import temperature_and_decision

PICTURES = parse(PictureTrain, {"width": 8}, "train.")
RECORDS = parse(RecordTrain, {"epochs": 1, "batch_size": 32}, "train.")


def temperature(learner: TaskLearner, module: Any, data: PreparedData, config: Any) -> float:
    return temperature_and_decision(learner, module, data, config)[0]


def test_it_is_the_one_that_makes_the_validation_split_most_likely(pictures: PreparedData) -> None:
    learner = catalogue.learner("image")
    module = learner.module(pictures, PICTURES)
    torch.nn.init.normal_(module.network.head.weight, std=100.0)
    logits = learner.raw(module, torch.from_numpy(np.array(pictures.inputs("validation")))).detach().numpy()
    labels = logits.argmax(axis=1)
    labels[::3] = np.asarray(pictures.labels("validation"))[::3]  # right two times in three
    np.save(pictures.path / "validation_labels.npy", labels)

    def loss(factor: float) -> float:
        return float(-log_softmax(logits / factor, axis=1)[np.arange(len(labels)), labels].mean())

    found = temperature(learner, module, pictures, PICTURES)
    assert 0.05 < found < 20.0
    assert loss(found) < min(loss(0.8 * found), loss(1.25 * found))


def test_labels_that_are_not_known_are_not_looked_at(records: PreparedData) -> None:
    learner = catalogue.learner("table")
    module = learner.module(records, RECORDS)
    torch.nn.init.normal_(module.model.network.line.weight)
    labels = np.array(records.labels("validation"))
    labels[::6] = -1
    np.save(records.path / "validation_labels.npy", labels)
    found = temperature(learner, module, records, RECORDS)
    inputs = np.array(records.inputs("validation"))
    inputs[::6, :3] = 1e6
    np.save(records.path / "validation_inputs.npy", inputs)
    assert temperature(learner, module, records, RECORDS) == found != 1.0


@pytest.mark.parametrize("count", [0, 40])
def test_a_tiny_split_tells_nothing_and_it_is_said(
    pictures: PreparedData, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("inputs", "labels"):
        path = pictures.path / f"validation_{name}.npy"
        np.save(path, np.load(path)[:count])
    learner = catalogue.learner("image")
    assert temperature(learner, learner.module(pictures, PICTURES), pictures, PICTURES) == 1.0
    assert f"temperature 1: {count} labelled validation examples are too few" in caplog.text


def test_a_suspicion_has_none(records: PreparedData, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    learner = catalogue.learner("table")
    config = RECORDS.model_copy(update={"labels": "none"})
    assert temperature(learner, learner.module(records, config), records, config) == 1.0
    assert "temperature" not in caplog.text

"""A model that learns from examples without labels, too, stands beside one that does not; the better one is kept."""

from pathlib import Path

import numpy as np
import pytest
import torch
from lightning.pytorch.loggers.logger import DummyLogger

from components import catalogue
from components.config.errors import Interrupted
from components.kinds.image.params import Train
from components.kinds.prepared import UNLABELLED_ABOUT, PreparedData, open_prepared, write_about
from components.system.files import write_json
from components.training import unlabelled
from components.training.callbacks.checkpointing import Checkpointing
from components.training.models import train_models
from components.training.result import TrainingResult
from components.training.unlabelled_plan import unlabelled_plan

LABELLED = 60
CONFIG = {"recipe": "quick", "flip": False, "threads": 1, "precision": "32-true", "width": 8, "batch_size": 16}


@pytest.fixture
def few(pictures: PreparedData) -> PreparedData:
    """The digits, of which sixty are labelled and the others are not."""
    path = pictures.path
    inputs, labels = np.array(pictures.inputs("train")), np.array(pictures.labels("train"))
    np.save(path / "train_inputs.npy", inputs[:LABELLED])
    np.save(path / "train_labels.npy", labels[:LABELLED])
    np.save(path / "unlabelled_inputs.npy", inputs[LABELLED:])
    count = len(inputs) - LABELLED
    about = {"folder": "data/unlabelled/digits", "sha256": "a", "files": count, "count": count, "left_out": {}}
    write_json(path / UNLABELLED_ABOUT, about)
    counts = {**pictures.counts, "train": LABELLED}
    write_about(path, "image", list(pictures.classes), pictures.input, counts, "classification")
    return open_prepared(path)


class Curve(DummyLogger):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.logged: list[dict[str, float]] = []

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:  # type: ignore[override]
        self.logged.append(metrics)


def _trained(data: PreparedData, epochs: int = 3, checkpoint: Path | None = None, **keys: object) -> TrainingResult:
    config = Train.model_validate({**CONFIG, "epochs": epochs, **keys})
    return train_models(catalogue.learner("image", "classification"), data, config, [Curve()], checkpoint)


def test_both_are_trained_and_what_they_reached_is_told(few: PreparedData) -> None:
    logs = Curve()
    config = Train.model_validate({**CONFIG, "epochs": 3})
    found = train_models(catalogue.learner("image", "classification"), few, config, [logs])
    told = found.unlabelled
    assert told is not None
    assert told["validated_on"] == few.counts["validation"]
    assert told["alone_low"] < told["alone"] < told["alone_high"]
    assert told["both_low"] < told["both"] < told["both_high"]
    better = told["both"] > told["alone"]
    assert told["kept"] == better or told["both"] == told["alone"]
    assert found.curve[-1]["unlabelled_kept"] == float(told["kept"])
    names = {name for metrics in logs.logged for name in metrics}
    assert {"validation_accuracy", "with_unlabelled_validation_accuracy", "unlabelled_both"} <= names
    alone = catalogue.learner("image", "classification").module(few, config).state_dict()
    assert set(found.weights) == set(alone)  # it serves as any other


@pytest.mark.slow
def test_the_better_one_is_kept_and_of_equals_the_one_without(
    few: PreparedData, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner, config = catalogue.learner("image", "classification"), Train.model_validate({**CONFIG, "epochs": 1})
    once = unlabelled.fit(learner, few, config)
    longer = unlabelled.fit(learner, few, config.model_copy(update={"epochs": 30}))
    for results, kept in (([once, longer], True), ([longer, once], False), ([once, once], False)):
        left = list(results)
        monkeypatch.setattr(unlabelled, "fit", lambda *_, left=left: left.pop(0))
        found = unlabelled.fit_both(learner, few, config)
        assert found.unlabelled is not None
        assert found.unlabelled["kept"] is kept
        chosen = results[1] if kept else results[0]
        assert all(torch.equal(found.weights[name], value) for name, value in chosen.weights.items())


@pytest.mark.slow
def test_one_that_is_stopped_in_either_goes_on_to_the_same_bits(
    few: PreparedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _trained(few, checkpoint_every=0)
    checkpoint, save = tmp_path / "kept" / "last.ckpt", Checkpointing._save
    checkpoint.parent.mkdir()
    stops = iter((5, 12))  # of 12 steps each: in the first, in the second

    def stopped(self: Checkpointing, trainer: object) -> None:
        save(self, trainer)  # type: ignore[arg-type]
        saved.append(1)
        if len(saved) == limit:
            raise Interrupted("as a signal does")

    for stop in stops:
        saved, limit = list[int](), stop
        monkeypatch.setattr(Checkpointing, "_save", stopped)
        with pytest.raises(Interrupted):
            _trained(few, checkpoint=checkpoint, checkpoint_every=0)
    monkeypatch.setattr(Checkpointing, "_save", save)
    found = _trained(few, checkpoint=checkpoint, checkpoint_every=0)
    assert sorted(path.name for path in checkpoint.parent.iterdir()) == ["last.ckpt", "last.unlabelled.ckpt"]
    assert found.unlabelled == whole.unlabelled
    assert all(torch.equal(found.weights[name], value) for name, value in whole.weights.items())


def test_with_labels_enough_they_are_left_aside_and_that_is_said(few: PreparedData) -> None:
    config = Train.model_validate({**CONFIG, "epochs": 1})
    said = unlabelled_plan(few, config)
    assert said is not None
    assert "with 6 labels a class it is trained twice" in said
    labels = np.tile(np.array(few.labels("train")), 5)
    np.save(few.path / "train_labels.npy", labels)
    np.save(few.path / "train_inputs.npy", np.tile(np.array(few.inputs("train")), (5, 1, 1, 1)))
    write_about(few.path, "image", list(few.classes), few.input, {**few.counts, "train": len(labels)}, "classification")
    many = open_prepared(few.path)
    said = unlabelled_plan(many, config)
    assert said == "340 examples without labels are left aside: beside 30 labels a class they are worth nothing"
    assert _trained(many, epochs=1).unlabelled is None
    (few.path / UNLABELLED_ABOUT).unlink()
    assert unlabelled_plan(open_prepared(few.path), config) is None

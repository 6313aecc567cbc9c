"""The loop itself, on the smallest data: what it keeps, when it stops, what it says."""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import Logger

from components import catalogue
from components.config.errors import ConfigError, DataError, Interrupted, TrainingError
from components.config.params import parse
from components.kinds.image.params import Train as Pictures
from components.kinds.prepared import SPLITS, PreparedData
from components.kinds.table.params import Train as Records
from components.training import loop
from components.training.callbacks.checkpointing import Checkpointing
from components.training.callbacks.process import Process
from components.training.loop import fit
from components.training.result import TrainingResult

pytestmark = pytest.mark.slow

PICTURES = {"epochs": 3, "batch_size": 40, "width": 8, "flip": False}
RECORDS = {"epochs": 4, "batch_size": 40, "width": 8, "dropout": 0.3, "autoencoder": True, "autoencoder_epochs": 2}


def config(data: PreparedData, **keys: Any) -> Any:
    recipe: tuple[Any, dict[str, Any]] = (Pictures, PICTURES) if data.kind == "image" else (Records, RECORDS)
    return parse(recipe[0], {**recipe[1], "checkpoint_every": 0.0, **keys}, "train.")


def train(
    data: PreparedData, log: "list[Any] | None" = None, checkpoint: Path | None = None, **keys: Any
) -> TrainingResult:
    log_to = [] if log is None else [Listed(log)]
    return fit(catalogue.learner(data.kind, data.task), data, config(data, **keys), log_to, checkpoint)


class Listed(Logger):
    """Keeps what is logged."""

    name, version = "listed", 0

    def __init__(self, points: list[Any]) -> None:
        super().__init__()
        self.points = points

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.points += [(step, name, value) for name, value in metrics.items()]

    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Nothing."""


class Killed(Exception):
    """What stands for the end of the process."""


def die_after(count: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have the process die behind the `count`th checkpoint; return the steps of the checkpoints."""
    save = Checkpointing._save
    saved: list[int] = []

    def save_and_die(self: Checkpointing, trainer: Any) -> None:
        save(self, trainer)
        saved.append(trainer.global_step)
        if len(saved) == count:
            raise Killed

    monkeypatch.setattr(Checkpointing, "_save", save_and_die)
    return saved


@pytest.mark.parametrize("kind", ["pictures", "records"])
@pytest.mark.parametrize("patience", [None, 1])
def test_from_wherever_it_goes_on_it_comes_to_the_same(
    kind: str, patience: int | None, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "LOG_EVERY", 4)
    data: PreparedData = request.getfixturevalue(kind)
    expected_log: list[Any] = []
    with monkeypatch.context() as patch:
        saved = die_after(-1, patch)
        expected = train(data, expected_log, tmp_path / "whole.ckpt", patience=patience)
    for count in {1, 3, 7, 8, 9, len(saved) - 1, len(saved)}:
        checkpoint, log = tmp_path / f"{count}.ckpt", []
        with monkeypatch.context() as patch:
            die_after(count, patch)
            with pytest.raises(Killed):
                train(data, log, checkpoint, patience=patience)
        resumed = train(data, log, checkpoint, patience=patience)
        assert resumed.curve == expected.curve, count
        assert all(torch.equal(resumed.weights[name], value) for name, value in expected.weights.items()), count
        assert set(log) == set(expected_log), count


ASKED = [("pictures", "detection"), ("pictures", "regression"), ("records", "classification"),
         ("records", "regression"), ("records", "anomaly")]  # fmt: skip


@pytest.mark.parametrize(("kind", "task"), ASKED)
def test_of_every_task_it_comes_to_the_same(
    kind: str, task: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = asked(request.getfixturevalue(kind), task)
    expected, checkpoint = train(data), tmp_path / "5.ckpt"
    with monkeypatch.context() as patch:
        die_after(5, patch)
        with pytest.raises(Killed):
            train(data, None, checkpoint)
    resumed = train(data, None, checkpoint)
    assert resumed.curve == expected.curve
    assert all(torch.equal(resumed.weights[name], value) for name, value in expected.weights.items())


def asked(data: PreparedData, task: str) -> PreparedData:
    """Return the same examples with labels that the task has."""
    for split in SPLITS:
        labels = np.asarray(data.labels(split))
        told = {
            "detection": (labels == 3).astype(np.int64),
            "classification": labels + (np.asarray(data.inputs(split)).reshape(len(labels), -1)[:, 1] > 0),
            "regression": np.asarray(data.inputs(split), dtype=np.float64).reshape(len(labels), -1).sum(axis=1),
            "anomaly": np.full(len(labels), -1),
        }
        np.save(data.path / f"{split}_labels.npy", told[task])
    classes = {"regression": (), "classification": ("0", "1", "2")}.get(task, ("normal", "anomaly"))
    return replace(data, task=task, classes=classes)


def test_patience_ends_it_and_leaves_the_best_epoch(pictures: PreparedData) -> None:
    whole = train(pictures, epochs=12, learning_rate=1e-9)  # it cannot get better
    short = train(pictures, epochs=12, learning_rate=1e-9, patience=2)
    assert len(whole.curve) == 12
    best = int(np.argmax([point["validation_accuracy"] for point in short.curve]))
    assert len(short.curve) == best + 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_heard_between_two_steps(
    pictures: PreparedData, tmp_path: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_step_5(self: Process, trainer: Any, *_: Any) -> None:
        if trainer.global_step == 4:
            signal.raise_signal(number)

    monkeypatch.setattr(Process, "on_train_batch_start", at_step_5)
    checkpoint = tmp_path / "last.ckpt"
    with pytest.raises(Interrupted, match=r"stopped at step 5, which is saved; the same command goes on from there"):
        train(pictures, None, checkpoint, checkpoint_every=3600.0)
    assert torch.load(checkpoint, weights_only=True)["global_step"] == 5
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.parametrize("kind", ["pictures", "records"])
def test_a_loss_that_leaves_the_numbers_is_told_with_its_step(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    data: PreparedData = request.getfixturevalue(kind)
    with pytest.raises(
        TrainingError, match=r"(loss is|weights are).* at step \d+.*(last.ckpt, step \d+|no checkpoint)"
    ):
        train(data, None, tmp_path / "last.ckpt", learning_rate=1e30)


def test_data_that_changes_under_it_is_told(pictures: PreparedData, monkeypatch: pytest.MonkeyPatch) -> None:
    start = Process.on_train_batch_start

    def at_step_5(self: Process, trainer: Any, *args: Any) -> None:
        start(self, trainer, *args)
        if trainer.global_step == 4:
            os.utime(pictures.path / "train_labels.npy", ns=(1, 1))

    monkeypatch.setattr(Process, "on_train_batch_start", at_step_5)
    with pytest.raises(DataError, match=r"train_labels.npy: changed while it was learned from"):
        train(pictures)


def test_a_full_disk_is_told(pictures: PreparedData, tmp_path: Path) -> None:
    with (
        limit(resource.RLIMIT_FSIZE, 4096),
        pytest.raises(TrainingError, match=r"File too large at step 1; there is no"),
    ):
        train(pictures, None, tmp_path / "last.ckpt")
    assert list(tmp_path.glob("*.ckpt")) == []


def test_shuffled_labels_teach_nothing(pictures: PreparedData) -> None:
    labels = np.load(pictures.path / "train_labels.npy")
    np.random.default_rng(0).shuffle(labels)
    np.save(pictures.path / "train_labels.npy", labels)
    trained = train(pictures, epochs=10)
    assert trained.curve[-1]["validation_accuracy"] < 0.3  # a tenth is chance, of 101 pictures
    assert trained.curve[-1]["validation_loss"] > 0.9 * np.log(10)


def test_it_learns_digits(pictures: PreparedData) -> None:
    assert train(pictures, epochs=20, width=16).curve[-1]["validation_accuracy"] > 0.75


def test_two_processes_cannot_share_an_odd_batch(pictures: PreparedData) -> None:
    with pytest.raises(ConfigError, match=r"train.batch_size: 41 examples cannot be shared by 2 processes"):
        train(pictures, batch_size=41, devices=2)


def test_fsdp_splits_contiguous_weights_alone(pictures: PreparedData) -> None:
    with pytest.raises(ConfigError, match=r"train.layout: fsdp"):
        train(pictures, strategy="fsdp", layout="channels_last", devices=2)


@contextmanager
def limit(what: int, value: int) -> Iterator[None]:
    """Have the kernel refuse this process more than `value` of something."""
    before = resource.getrlimit(what)
    resource.setrlimit(what, (value, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)


def test_one_bar_counts_all_steps(pictures: PreparedData, capfd: pytest.CaptureFixture[str]) -> None:
    train(pictures)
    (shown,) = [line for line in capfd.readouterr().err.split("\n") if "train:" in line]
    assert "30/30" in shown.rpartition("\r")[2]
    assert "validation_accuracy=" in shown

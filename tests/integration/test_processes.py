"""Several processes are one training: one run, one set of outputs, every validation example once, one end."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from mlflow import MlflowClient
from safetensors.torch import load_file

from components.config.params import parse
from components.kinds.image import learner
from components.kinds.image.params import Train
from components.kinds.prepared import open_prepared
from tests.conftest import DIGITS, Project

KEYS = {"epochs": 10, "batch_size": 32, "flip": False, "width": 16}


@pytest.fixture(scope="module")
def alone(new_project: Callable[..., Project], digits: Path) -> Project:
    """A project that one process has taught, in 32 bit."""
    made = new_project(DIGITS.format(source=digits).replace("width: 16", "width: 16, precision: 32-true"))
    made.run("dvc", "repro", "train")
    return made


@pytest.fixture
def project(alone: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of that project, with two processes instead."""
    path = tmp_path / "journeyman"
    shutil.copytree(alone.path, path, symlinks=True)
    monkeypatch.chdir(path)
    made = Project(path)
    made.params("precision: 32-true", "precision: 32-true, devices: 2, threads: 1")
    return made


@pytest.mark.parametrize(
    "command", [["dvc", "repro", "train"], ["torchrun", "--nproc-per-node", "2"]], ids=["dvc", "torchrun"]
)
def test_two_processes_are_one_training(project: Project, alone: Project, command: list[str]) -> None:
    if command[0] == "torchrun":
        command = [*command, "-m", "components.training.train", "digits"]
    project.run(*command)
    before, run = runs(alone)[0], next(run for run in runs(project) if run.data.params["devices"] == "2")
    assert len(runs(project)) == 2  # the copied one, and this
    assert run.info.status == "FINISHED"
    assert run.data.params["used.devices"] == "2"
    for name in ("validation_accuracy", "validation_loss"):
        assert len(history(project, run.info.run_id, name)) == KEYS["epochs"]
    accuracy, loss = validated(project)
    assert run.data.metrics["validation_accuracy"] == pytest.approx(accuracy, abs=1e-6)
    assert run.data.metrics["validation_loss"] == pytest.approx(loss, rel=1e-4)
    assert abs(accuracy - before.data.metrics["validation_accuracy"]) < 0.08  # 99 pictures


def test_a_dead_process_ends_the_training_and_the_next_goes_on(project: Project) -> None:
    project.params("threads: 1", "threads: 1, checkpoint_every: 0.0")
    with (project.path / "said.txt").open("wb") as said:
        stage = subprocess.Popen(
            [sys.executable, "-m", "components.training.train", "digits"],
            cwd=project.path,
            env=project.environment(),
            stdout=said,
            stderr=said,
        )
    deadline = time.monotonic() + 120
    while not list(project.path.glob("state/checkpoints/digits/*/last.ckpt")):
        assert stage.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (second,) = psutil.Process(stage.pid).children()
    second.kill()
    assert stage.wait(60) != 0
    assert "terminated with code -9. Forcefully terminating all" in (project.path / "said.txt").read_text()
    assert "going on from" in project.run("dvc", "repro", "train")
    assert len([run for run in runs(project) if run.data.params["devices"] == "2"]) == 1


def validated(project: Project) -> tuple[float, float]:
    """Return accuracy and loss over the whole validation split, worked out here."""
    data = open_prepared(project.path / "artifacts" / "digits" / "prepared")
    module = learner.module(data, parse(Train, KEYS, ""))
    module.load_state_dict(load_file(project.path / "artifacts" / "digits" / "weights" / "model.safetensors"))
    with torch.inference_mode():
        probabilities = learner.serving(module)(torch.from_numpy(np.array(data.inputs("validation")))).numpy()
    labels = np.asarray(data.labels("validation"))
    return float((probabilities.argmax(1) == labels).mean()), float(
        -np.log(probabilities[np.arange(len(labels)), labels]).mean()
    )


def client(project: Project) -> MlflowClient:
    return MlflowClient(f"sqlite:///{project.path}/state/mlflow/mlflow.db")


def runs(project: Project) -> list:
    return client(project).search_runs([client(project).get_experiment_by_name("digits").experiment_id])


def history(project: Project, run_id: str, name: str) -> list:
    return client(project).get_metric_history(run_id, name)

"""Several processes are one training: one run, one set of outputs, every validation example once, one end."""

import os
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

from components import catalogue
from components.config.params import parse
from components.kinds.image.params import Train
from components.kinds.prepared import open_prepared, write_about
from tests.backbones import describe, tensors, write_artifact
from tests.conftest import DIGITS, ROOT, WARM, Project, copy_of

SRUN = """
export SLURM_JOB_ID=4711 SLURM_JOB_NAME=train SLURM_STEP_ID=0 SLURM_NTASKS=2 SLURM_STEP_NUM_TASKS=2
export SLURM_NTASKS_PER_NODE=2 SLURM_NNODES=1 SLURM_NODEID=0 SLURM_NODELIST=127.0.0.1
SLURM_PROCID=1 SLURM_LOCALID=1 "$@" & SLURM_PROCID=0 SLURM_LOCALID=0 "$@" && wait $!
"""
"""What SLURM's srun does: start the tasks of a step, each told its place."""
KEYS = {"epochs": 10, "batch_size": 32, "flip": False, "width": 16}


@pytest.fixture(scope="module")
def alone(new_project: Callable[..., Project], digits: Path) -> Project:
    """A project that one process has trained, in 32 bit."""
    made = new_project(DIGITS.format(source=digits).replace("width: 16", "width: 16, precision: 32-true"))
    made.run("dvc", "repro", "train")
    return made


@pytest.fixture
def project(alone: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A copy of that project, with two processes instead."""
    made = copy_of(alone, tmp_path)
    monkeypatch.chdir(made.path)
    made.params("precision: 32-true", "precision: 32-true, devices: 2, threads: 1")
    return made


@pytest.mark.parametrize("launcher", ["dvc", "torchrun", "srun"])
def test_two_processes_are_one_training(project: Project, launcher: str) -> None:
    if launcher == "dvc":
        project.run("dvc", "repro", "train")
    else:
        module = ("-m", "components.training.train", "digits")
        if launcher == "srun":
            project.run("sh", "-c", SRUN, "srun", sys.executable, *module)
        else:
            project.run("torchrun", "--nproc-per-node", "2", *module)
        project.run("dvc", "commit", "--force", "train@digits")
        assert "Stage 'train@digits' didn't change, skipping" in project.run("dvc", "repro", "train")
    run = next(run for run in runs(project) if run.data.params["devices"] == "2")
    assert len(runs(project)) == 2  # the copied one, and this
    assert run.info.status == "FINISHED"
    assert run.data.params["used.devices"] == "2"
    for name in ("validation_accuracy", "validation_loss"):
        assert len(history(project, run.info.run_id, name)) == KEYS["epochs"]
    accuracy, loss = validated(project)
    assert run.data.metrics["validation_accuracy"] == pytest.approx(accuracy, abs=1e-6)
    assert run.data.metrics["validation_loss"] == pytest.approx(loss, rel=1e-4)
    assert accuracy > 0.5  # of ten digits, by batch norm over sixteen pictures


def test_a_dead_process_ends_the_training_and_the_next_goes_on(project: Project) -> None:
    project.params("threads: 1", "threads: 1, checkpoint_every: 0.0")
    with (project.path / "said.txt").open("wb") as output:
        stage = subprocess.Popen(
            [sys.executable, "-m", "components.training.train", "digits"],
            cwd=project.path,
            env=project.environment(),
            stdout=output,
            stderr=output,
        )
    deadline = time.monotonic() + 300
    while not list(project.path.glob("state/checkpoints/digits/*/last.ckpt")):
        assert stage.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    (second,) = psutil.Process(stage.pid).children()
    second.kill()
    assert stage.wait(60) != 0
    said = (project.path / "said.txt").read_text()
    assert "another process of this training is gone" in said or "terminated with code -9" in said
    assert "going on from" in project.run("dvc", "repro", "train")
    assert len([run for run in runs(project) if run.data.params["devices"] == "2"]) == 1


@pytest.mark.parametrize("kind", ["image", "table"])
def test_however_many_they_learn_the_same(kind: str, tmp_path: Path) -> None:
    """One process, two (DDP), and two with a part of each layer each (FSDP) come to the same, but for rounding.

    Batch norm looks at a process's own part of the batch, so one process with pictures is left out.
    """
    write_examples(tmp_path, kind)
    ways = [("ddp", 2), ("fsdp", 2)] if kind == "image" else [("auto", 1), ("ddp", 2), ("fsdp", 2)]
    expected, *others = (trained(tmp_path, kind, strategy, devices) for strategy, devices in ways)
    for other in others:
        assert other.keys() == expected.keys()
        for name, value in expected.items():
            assert torch.allclose(other[name].float(), value.float(), atol=1e-3), name


def test_two_processes_find_anomalies_as_one_does(tmp_path: Path) -> None:
    """Both learn the autoencoder; the first alone fits the forest and chooses."""
    write_examples(tmp_path, "table")
    one, two = (
        trained(tmp_path, "table", strategy, devices, "anomaly", 'dict(model="best")')
        for strategy, devices in (("auto", 1), ("ddp", 2))
    )
    assert one.keys() == two.keys()
    assert "model.autoencoder.spread" in one or "model.ensemble.value" in one
    for name, value in one.items():
        assert torch.allclose(two[name].float(), value.float(), atol=1e-3), name


def test_two_processes_tune_a_backbone_as_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its norms keep their statistics, so that neither sees the other's part of a batch; without dropout, in short."""
    write_examples(tmp_path, "image")
    describe(tmp_path)
    write_artifact(tmp_path / "backbone")
    monkeypatch.chdir(tmp_path)
    one, two = (trained(tmp_path, "image", *way, backbone="tiny") for way in (("auto", 1), ("ddp", 2)))
    assert one.keys() == two.keys()
    for name, value in one.items():
        assert torch.allclose(two[name].float(), value.float(), atol=1e-3), name
    before = tensors()["stage3.0.project.convolution.weight"]
    assert not torch.allclose(one["network.backbone.stage3.0.project.convolution.weight"], before, atol=1e-3)


def write_examples(path: Path, kind: str) -> None:
    random = np.random.default_rng(0)
    rows = {"train": 200, "validation": 101, "test": 4}
    for split, count in rows.items():
        numbers = random.normal(size=(count, 3)).astype(np.float32)
        pictures = random.integers(0, 256, (count, 8, 8, 1), dtype=np.uint8)
        np.save(path / f"{split}_inputs.npy", pictures if kind == "image" else numbers)
        np.save(path / f"{split}_labels.npy", (numbers[:, 0] > 0.5).astype(np.int64))
    records = {"features": ["a", "b", "c"], "definition": {"categories": {}}, "label_features": []}
    about = {**records, "amount_feature": None, "channels": 1, "height": 8, "width": 8}
    write_about(path, kind, ["0", "1"], about, rows)


def trained(
    path: Path, kind: str, strategy: str, devices: int, task: str = "", keys: str = "", backbone: str = ""
) -> dict[str, torch.Tensor]:
    script = path / "train.py"  # a file: the other process runs it again
    code = f"""
import warnings
from pathlib import Path
import torch
from components import catalogue
from components.kinds.image.learner.pretrained import lightning_module
from components.kinds.image.params import Train as Pictures
from components.kinds.prepared import open_prepared, write_about
from components.kinds.table.params import Train as Records
from components.training.models import train_models

warnings.simplefilter("ignore")
keys = dict(
    devices={devices}, strategy="{strategy}", layout="{"auto" if strategy == "fsdp" else "contiguous"}",
    accelerator="cpu", precision="32-true", threads=1, epochs=2, batch_size=20, width=8, checkpoint_every=0.0)
if "{backbone}":
    lightning_module._DROPPED = 0.0
    del keys["width"]
    keys |= dict(recipe="transfer", backbone="{backbone}")
phases = dict(autoencoder=True, autoencoder_epochs=1, dropout=0.0)
phases = {keys or "phases"}
config = Pictures(**keys) if "{kind}" == "image" else Records(**keys, **phases)
folder = Path("{path}")
learner = catalogue.learner("{kind}", "{task}")
left = train_models(learner, open_prepared(folder, folder / "backbone"), config, (), folder / "{strategy}.ckpt")
if left.weights and __import__("os").environ.get("LOCAL_RANK", "0") == "0":
    torch.save(left.weights, folder / "{strategy}.pt")
"""
    script.write_text(code)
    command = [sys.executable, script] if devices > 1 else [f"{os.environ[WARM]}/bin/python", "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, check=True, env=environment, timeout=250)
    return torch.load(path / f"{strategy}.pt", weights_only=True)


def validated(project: Project) -> tuple[float, float]:
    """Return accuracy and loss over the whole validation split, worked out here."""
    data = open_prepared(project.path / "artifacts" / "digits" / "prepared")
    learner = catalogue.learner(data.kind, data.task)
    module = learner.module(data, parse(Train, KEYS, ""))
    module.load_state_dict(load_file(project.path / "artifacts" / "digits" / "weights" / "model.safetensors"))
    with torch.inference_mode():
        outputs, _ = learner.serving(module)(torch.from_numpy(np.array(data.inputs("validation"))))
    probabilities, labels = outputs.numpy(), np.asarray(data.labels("validation"))
    return float((probabilities.argmax(1) == labels).mean()), float(
        -np.log(probabilities[np.arange(len(labels)), labels]).mean()
    )


def client(project: Project) -> MlflowClient:
    return MlflowClient(f"sqlite:///{project.path}/state/mlflow/mlflow.db")


def runs(project: Project) -> list:
    return client(project).search_runs([client(project).get_experiment_by_name("digits").experiment_id])


def history(project: Project, run_id: str, name: str) -> list:
    return client(project).get_metric_history(run_id, name)

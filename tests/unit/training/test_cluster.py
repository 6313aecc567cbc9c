"""Whatever a cluster has put on the PATH and into the environment, a training has the processes it is meant to have."""

import logging
import os
from pathlib import Path

import pytest
from lightning.fabric.plugins.environments import LightningEnvironment, SLURMEnvironment

from components import catalogue
from components.config.errors import ConfigError
from components.config.params import parse
from components.kinds.image.params import Train
from components.kinds.prepared import PreparedData
from components.training.cluster import cluster_environment
from components.training.loop import fit

JOB = {"SLURM_JOB_ID": "4711", "SLURM_JOB_NAME": "zsh", "SLURM_NTASKS": "1", "SLURM_NNODES": "1"}
TASK = {"SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NODEID": "0"}
STEP = {**TASK, "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "1"}
ALONE = {
    "a login node": {},
    "salloc": {**JOB, "SLURM_JOB_NAME": "interactive"},
    "salloc of four tasks under a name": {**JOB, "SLURM_NTASKS": "4", "SLURM_JOB_NAME": "mine"},
    "srun --pty bash": {**JOB, **STEP, "SLURM_JOB_NAME": "bash"},
    "srun --pty zsh": {**JOB, **STEP},
    "a batch script of eight tasks": {
        **JOB,
        **TASK,
        "ENVIRONMENT": "BATCH",
        "SLURM_NTASKS": "8",
        "SLURM_NTASKS_PER_NODE": "8",
    },
    "srun -n 1 in a job of eight": {**JOB, **STEP, "ENVIRONMENT": "BATCH", "SLURM_NTASKS_PER_NODE": "8"},
    "what torchrun left behind": {"TORCHELASTIC_RUN_ID": "none"},
}


@pytest.fixture(autouse=True)
def _a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with `srun` on the PATH, and nothing of the cluster that these tests may run on."""
    for name in [name for name in os.environ if name.startswith(("SLURM_", "TORCHELASTIC_"))]:
        monkeypatch.delenv(name)
    srun = tmp_path / "bin" / "srun"
    srun.parent.mkdir()
    srun.write_text("#!/bin/sh\nexit 1\n")
    srun.chmod(0o755)
    monkeypatch.setenv("PATH", str(srun.parent), prepend=":")


@pytest.mark.parametrize("where", ALONE)
def test_who_was_not_started_by_srun_trains_alone_and_is_not_warned(
    where: str, pictures: PreparedData, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in ALONE[where].items():
        monkeypatch.setenv(name, value)
    config = parse(Train, {"epochs": 1, "batch_size": 100, "width": 8, "checkpoint_every": 0.0}, "train.")
    with caplog.at_level(logging.WARNING):
        trained = fit(catalogue.learner("image"), pictures, config)
    assert trained.weights
    assert "srun" not in caplog.text
    assert isinstance(cluster_environment(8, 1), LightningEnvironment | None)  # on eight GPUs it starts eight itself


@pytest.mark.parametrize("name", ["train", "interactive"])
def test_the_tasks_of_srun_find_each_other(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = {"SLURM_NTASKS": "4", "SLURM_STEP_NUM_TASKS": "4", "SLURM_NTASKS_PER_NODE": "2", "SLURM_NNODES": "2"}
    for variable, value in {**JOB, **STEP, **tasks, "SLURM_JOB_NAME": name}.items():
        monkeypatch.setenv(variable, value)
    found = cluster_environment(2, 2)
    assert isinstance(found, SLURMEnvironment)
    assert (found.world_size(), found.global_rank()) == (4, 0)
    with pytest.raises(ConfigError, match=r"train.devices, train.nodes: 2 x 1 = 2 processes, but srun started 4;"):
        cluster_environment(2, 1)
    monkeypatch.delenv("SLURM_NTASKS_PER_NODE")
    with pytest.raises(ConfigError, match="SLURM: say --ntasks-per-node 2 in place of --ntasks 4"):
        cluster_environment(2, 2)

"""What each launcher is asked for; torchrun and SLURM themselves are in tests/machines."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.config.errors import ConfigError
from components.config.params import Training
from components.training.launch.job import Job
from components.training.launch.launcher import launch
from components.training.launch.slurm import Slurm
from components.training.launch.torchrun import Torchrun
from components.training.launch.trainjob import MANIFEST, TrainJob, state_of
from tests.conftest import ROOT

JOB = Job(workload="digits", launcher="trainjob", key="k", token="0a1b2c3d")


def section(**said: Any) -> Training:
    return Training.model_validate({"epochs": 1, "batch_size": 8, **said})


def test_a_trainjob_has_the_counts_of_the_section_and_the_job_s_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    made = TrainJob(section(nodes=3, devices=4)).manifest(JOB)
    (shipped,) = (each for each in yaml.safe_load_all(MANIFEST.read_text()) if each["kind"] == "TrainJob")
    assert made["metadata"]["name"] == JOB.name
    trainer = made["spec"]["trainer"]
    assert (trainer["numNodes"], trainer["numProcPerNode"]) == (3, 4)
    assert trainer["args"][-4:] == [f"--rdzv-id={JOB.name}", "-m", "components.training.launch.worker", "digits"]
    said = {each["name"]: each["value"] for each in trainer["env"]}
    assert json.loads(said["JOURNEYMAN_LAUNCHED"]) == {"launcher": "trainjob", "job": JOB.name}
    assert said["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] == "1"
    assert made["spec"]["runtimeRef"] == shipped["spec"]["runtimeRef"]
    assert trainer["resourcesPerNode"] == shipped["spec"]["trainer"]["resourcesPerNode"]


def test_a_folder_without_the_manifest_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"train\.yaml: no TrainJob that runs torchrun with -m"):
        TrainJob(section()).manifest(JOB)


@pytest.mark.parametrize(
    ("conditions", "alive", "said"),
    [
        (None, True, "is under way"),
        ([{"type": "Suspended", "status": "True"}], True, "is suspended"),
        ([{"type": "Suspended", "status": "False"}], True, "is under way"),
        ([{"type": "Complete", "status": "True", "message": "jobset completed"}], False, "has ended: jobset completed"),
        ([{"type": "Failed", "status": "True", "message": "too many restarts"}], False, "has ended: too many restarts"),
    ],
)
def test_a_trainjob_s_conditions_are_read(conditions: list[Any] | None, alive: bool, said: str) -> None:
    found = state_of({"status": {"conditions": conditions}} if conditions else {})
    assert (found.alive, found.said, found.cancelled) == (alive, said, False)


@pytest.mark.parametrize(("launcher", "tool"), [("slurm", "sbatch"), ("trainjob", "kubectl")])
def test_a_launcher_that_is_not_there_is_told_in_one_line(
    launcher: str, tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT if launcher == "trainjob" else tmp_path)
    monkeypatch.setattr("components.training.launch.job._FOLDER", tmp_path / "launch")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=f"^train.launcher: {tool} is not there; install it, or say launcher: local"):
        launch("digits", section(launcher=launcher, devices=2), "k")


def test_what_a_section_does_not_say_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"^train\.devices: say how many processes a node has"):
        Slurm(section())
    monkeypatch.delenv("PET_RDZV_ENDPOINT", raising=False)
    with pytest.raises(ConfigError, match=r"^train\.nodes: 2 machines: set PET_RDZV_ENDPOINT to where they meet"):
        Torchrun(section(nodes=2)).submit(JOB)

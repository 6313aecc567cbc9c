"""What each launcher is asked for; torchrun and SLURM themselves are in tests/machines."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.config.errors import ConfigError
from components.config.params import Training
from components.training.launch import tool
from components.training.launch.job import Ending, Job, job_of, new_job
from components.training.launch.launcher import end, launch
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


@pytest.mark.parametrize("text", [None, "---\n", "kind: TrainJob\nspec: {trainer: {args: 3}}\n", "- a\n", "a: [\n"])
def test_a_folder_without_the_manifest_is_told(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        MANIFEST.parent.mkdir(parents=True)
        MANIFEST.write_text(text)
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


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with programs that stand for SLURM's; they keep what they are asked in a file of their name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def program(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text(
        "\n".join(["#!/bin/sh", f'echo "$@" >> {folder}/{name}.asked; cat >> {folder}/{name}.given', *lines])
    )
    path.chmod(0o755)
    return path


def test_a_job_of_slurm_is_not_submitted_twice_where_slurm_cannot_be_asked(tools: Path) -> None:
    program(tools, "squeue", "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2", "exit 1")
    program(tools, "sbatch", "echo 18")
    new_job("digits", "slurm", "k")  # its number was not kept: who submitted it was killed
    with pytest.raises(ConfigError, match=r"Unable to contact slurm controller; job train-digits-.* may have been sub"):
        launch("digits", section(launcher="slurm", devices=2), "k")
    assert not (tools / "sbatch.asked").exists()


def test_a_job_knows_who_started_it_whatever_slurm_keeps_from_it(tools: Path) -> None:
    program(tools, "sbatch", "echo 18")
    job = new_job("digits", "slurm", "k")
    assert Slurm(section(devices=2)).submit(job) == "18"
    given = (tools / "sbatch.given").read_text()
    assert "exec srun --export=ALL " in given
    given = "".join(line for line in given.splitlines(True) if "srun" not in line) + "env\n"
    found = subprocess.run(["sh"], input=given, env={}, capture_output=True, text=True, check=True).stdout
    assert f"JOURNEYMAN_LAUNCHED={job.variables['JOURNEYMAN_LAUNCHED']}" in found.splitlines()


def test_a_tool_that_does_not_answer_ends_no_wait(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "_PATIENCE", 0.1)
    program(tools, "squeue", "exec sleep 60")
    found = Slurm(section(devices=2)).state(JOB.model_copy(update={"id": "17"}))
    assert (found.alive, found.said) == (True, "is not known of for a while (squeue does not answer within 0.1 s)")


@pytest.mark.parametrize("said", ["local", "trainjob"])
def test_a_job_is_ended_where_the_section_names_another_launcher_now(said: str, tools: Path) -> None:
    program(tools, "scancel")
    job = new_job("digits", "slurm", "k").told("17")
    end(job, section(launcher=said))
    assert (tools / "scancel.asked").read_text() == "17\n"
    assert job_of("digits") is None


def test_a_job_that_has_ended_is_forgotten_without_a_question(tools: Path) -> None:
    job = new_job("digits", "slurm", "k").told("17")
    Ending().write("digits", job.name)
    end(job, section())
    assert job_of("digits") is None


@pytest.mark.parametrize("why", ["scancel: error: Unable to contact slurm controller", ""])
def test_a_job_that_cannot_be_ended_is_told_and_kept(why: str, tools: Path) -> None:
    if why:
        program(tools, "scancel", f"echo '{why}' >&2", "exit 1")
    job = new_job("digits", "slurm", "k").told("17")
    with pytest.raises(
        ConfigError, match=r"^slurm: job 17 was submitted before, would write the same files and cannot"
    ):
        end(job, section())
    assert job_of("digits") == job


def test_what_a_section_does_not_say_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"^train\.devices: say how many processes a node has"):
        Slurm(section())
    monkeypatch.delenv("PET_RDZV_ENDPOINT", raising=False)
    with pytest.raises(ConfigError, match=r"^train\.nodes: 2 machines: set PET_RDZV_ENDPOINT to where they meet"):
        Torchrun(section(nodes=2)).submit(JOB)

"""What is kept of a job: found again by who was not there when it was submitted, and told apart from others."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from components.config.errors import ConfigError, DataError, TrainingError
from components.config.settings import LAUNCHED
from components.training.cluster import is_started
from components.training.launch.job import Ending, job_of, launched, new_job, where
from components.training.launch.worker import error_of
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_is_kept_before_it_is_submitted_and_found_with_its_id() -> None:
    assert job_of("my_digits") is None
    job = new_job("my_digits", "slurm", "k1")
    assert job_of("my_digits") == job
    assert job.told("17").id == "17"
    assert job_of("my_digits") == job.told("17")
    again = job.told("17").again()
    assert (again.id, again.tries) == ("", 2)
    assert again.name != job.name  # the one that was submitted before is not taken for it
    assert set(job.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    again.forget()
    assert job_of("my_digits") is None


def test_what_another_version_has_kept_is_no_job(folder: Path) -> None:
    new_job("digits", "slurm", "k1")
    path = folder / "state" / "launch" / "digits" / "job.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "since": 1}))
    assert job_of("digits") is None


def test_who_started_a_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for said in (None, ""):
        monkeypatch.setenv(LAUNCHED, said) if said is not None else monkeypatch.delenv(LAUNCHED, raising=False)
        assert where() == launched() == {}
        assert not is_started()
    job = new_job("digits", "slurm", "k1")
    monkeypatch.setenv(LAUNCHED, job.variables[LAUNCHED])
    assert (where()["launcher"], where()["job"]) == ("slurm", job.name)
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    assert where()["job"] == "17"


@pytest.mark.parametrize("error", [ConfigError, DataError, TrainingError])
def test_what_was_wrong_is_the_same_error_for_who_waits(error: type[Exception]) -> None:
    job = new_job("digits", "slurm", "k1")
    assert job.ending is None
    Ending("train.epochs: no", error.__name__).write("digits", job.name)
    assert job.ending
    found = error_of(job.ending)
    assert (type(found), str(found)) == (error, "train.epochs: no")


def test_a_process_that_is_started_again_says_what_was_wrong_and_loads_no_torch(folder: Path) -> None:
    job = new_job("digits", "torchrun", "k1")
    Ending("train.epochs: no", "ConfigError").write("digits", job.name)
    script = """
import runpy, sys
sys.argv = ["worker", "digits"]
try:
    runpy.run_module("components.training.launch.worker", run_name="__main__")
finally:
    print("torch" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), **job.variables},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "False\n")
    assert done.stderr == "error: train.epochs: no\n"

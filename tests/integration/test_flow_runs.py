"""Prefect's record of runs whose process was killed."""

import subprocess
import sys
from pathlib import Path

import httpx

from tests.conftest import ROOT, Project

RUN = """
import os, signal, sys
from flows import console
console.prepare()
from prefect import flow
from flows.runs import mark_dead_runs

@flow(name="mortal")
def mortal():
    mark_dead_runs("mortal")
    if sys.argv[1:] == ["killed"]:
        os.kill(os.getpid(), signal.SIGKILL)

mortal()
"""


def test_a_run_whose_process_was_killed_is_crashed_and_one_of_another_folder_left_alone(
    tmp_path: Path, prefect_url: str
) -> None:
    project = Project(tmp_path)
    command = [sys.executable, "-c", RUN]
    environment = {**project.environment(), "PYTHONPATH": str(ROOT), "PREFECT_API_URL": prefect_url}
    for _ in range(2):
        subprocess.run([*command, "killed"], cwd=tmp_path, env=environment, check=False, capture_output=True)
    held = tmp_path / "state" / "locks" / "alive"
    (token,) = [path.name for path in held.iterdir()]  # the second run has cleared away after the first
    assert states(prefect_url) == ["Crashed", "Running"]
    (held / token).rename(tmp_path / token)  # as if it were begun in another folder
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert states(prefect_url) == ["Completed", "Crashed", "Running"]
    (tmp_path / token).rename(held / token)
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert states(prefect_url) == ["Completed", "Completed", "Crashed", "Crashed"]
    assert list(held.iterdir()) == []


def states(server: str) -> list[str]:
    found = httpx.post(f"{server}/flow_runs/filter", json={"flows": {"name": {"any_": ["mortal"]}}}).json()
    return sorted(run["state"]["name"] for run in found)

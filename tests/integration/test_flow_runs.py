"""Prefect's record of runs whose process was killed."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

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
    for run in runs(prefect_url):  # both have had a heartbeat just now
        assert [tag for tag in run["tags"] if tag.startswith("heartbeat=")]
    (token,) = [path.name for path in held.iterdir()]  # the second run has cleared away after the first
    assert states(prefect_url) == ["Crashed", "Running"]
    (held / token).rename(tmp_path / token)  # as if it were begun in another folder
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert states(prefect_url) == ["Completed", "Crashed", "Running"]
    (tmp_path / token).rename(held / token)
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert states(prefect_url) == ["Completed", "Completed", "Crashed", "Crashed"]
    assert list(held.iterdir()) == []


def test_a_run_of_another_host_is_crashed_when_its_heartbeat_is_old(tmp_path: Path, prefect_url: str) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    environment = {**Project(tmp_path).environment(), "PYTHONPATH": str(ROOT), "PREFECT_API_URL": prefect_url}
    command = [sys.executable, "-c", RUN.replace("mortal", "distant")]
    killed = subprocess.run([*command, "killed"], cwd=tmp_path / "one", env=environment, capture_output=True)
    assert killed.returncode == -9

    def run_elsewhere() -> None:
        subprocess.run(command, cwd=tmp_path / "other", env=environment, check=True, capture_output=True)

    run_elsewhere()
    assert states(prefect_url, "distant") == ["Completed", "Running"]
    (run,) = [run for run in runs(prefect_url, "distant") if run["state"]["name"] == "Running"]
    silent = [tag if not tag.startswith("heartbeat=") else f"heartbeat={time.time() - 601:.0f}" for tag in run["tags"]]
    httpx.patch(f"{prefect_url}/flow_runs/{run['id']}", json={"tags": silent}).raise_for_status()
    run_elsewhere()
    assert states(prefect_url, "distant") == ["Completed", "Completed", "Crashed"]


def runs(server: str, flow: str = "mortal") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.post(
        f"{server}/flow_runs/filter", json={"flows": {"name": {"any_": [flow]}}}
    ).json()
    return found


def states(server: str, flow: str = "mortal") -> list[str]:
    return sorted(run["state"]["name"] for run in runs(server, flow))

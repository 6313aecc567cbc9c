"""Prefect's record of runs whose process was killed, on the embedded server."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.conftest import ROOT, Project

RUN = """
import os, signal, sys
from flows import console
console.prepare()
from prefect import flow
from flows.embedded import prefect_server
from flows.runs import bury_the_dead

@flow(name="train")
def train():
    bury_the_dead("train")
    if sys.argv[1:] == ["killed"]:
        os.kill(os.getpid(), signal.SIGKILL)

with prefect_server():
    train()
"""


def test_a_run_whose_process_was_killed_is_crashed_and_one_of_another_folder_left_alone(tmp_path: Path) -> None:
    project = Project(tmp_path)
    command = [sys.executable, "-c", RUN]
    environment = {**project.environment(), "PYTHONPATH": str(ROOT)}
    for _ in range(2):
        subprocess.run([*command, "killed"], cwd=tmp_path, env=environment, check=False, capture_output=True)
    held = tmp_path / "state" / "locks" / "alive"
    (token,) = [path.name for path in held.iterdir()]  # the second run has cleared away after the first
    assert states(tmp_path) == ["Crashed", "Running"]
    (held / token).rename(tmp_path / token)  # as if it were begun in another folder
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert states(tmp_path) == ["Completed", "Crashed", "Running"]
    (tmp_path / token).rename(held / token)
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert states(tmp_path) == ["Completed", "Completed", "Crashed", "Crashed"]
    assert list(held.iterdir()) == []


def states(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "state" / "prefect" / "prefect.db")) as database:
        return sorted(name for (name,) in database.execute("select state_name from flow_run"))

"""Runs of killed processes are found, those of living ones left alone, whatever host and process are called."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from components.system import heartbeat
from components.system.alive import ALIVE
from components.tracking import liveness
from components.tracking.liveness import BEAT, ENDED, mark_dead_runs
from components.tracking.runs import running
from components.tracking.store import Store, open_store
from tests.conftest import ROOT

HOST = "a-container"
RUN = """
import socket, sys
socket.gethostname = lambda: "a-container"
from components.system import heartbeat
from components.tracking import liveness
from components.tracking.runs import running
from components.tracking.store import open_store
numbers = liveness._numbers
liveness._numbers = lambda pid: {**numbers(pid), "process.pid": "4194399"}  # a number that nobody has here
heartbeat.EVERY = 0.1
with running(open_store("digits"), "a run", {}) as run:
    print(run.info.run_id, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(mlflow_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A tracking store that several folders share; this process works in one of them, on a host of that name."""
    monkeypatch.setattr(socket, "gethostname", lambda: HOST)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{shutil.copy(mlflow_database, tmp_path)}")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return open_store("digits")


@pytest.fixture
def begun() -> Iterator["Begin"]:
    with ExitStack() as stack:
        yield Begin(stack)


class Begin:
    """Starts a process with a run in a folder; it is ended with the test."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def __call__(self, folder: Path) -> "tuple[subprocess.Popen[str], str]":
        folder.mkdir(exist_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-c", RUN],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._stack.enter_context(process)
        self._stack.callback(process.kill)
        assert process.stdout
        return process, process.stdout.readline().strip()


def status(store: Store, run_id: str) -> str:
    return str(store.client.get_run(run_id).info.status)


@pytest.mark.slow
def test_in_one_folder_a_run_is_killed_when_its_process_is(store: Store, begun: Begin) -> None:
    process, run_id = begun(Path.cwd())
    mark_dead_runs(store)
    assert status(store, run_id) == "RUNNING"
    process.kill()
    process.wait()
    with running(store, "a run", {}):
        assert status(store, run_id) == "KILLED"
    assert ENDED in store.client.get_run(run_id).data.tags
    assert list(ALIVE.iterdir()) == []


@pytest.mark.slow
def test_of_a_process_elsewhere_the_heartbeat_tells(
    store: Store, begun: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, run_id = begun(tmp_path / "there")
    first = store.client.get_run(run_id).data.tags[BEAT]
    deadline = time.monotonic() + 60
    while store.client.get_run(run_id).data.tags[BEAT] == first and time.monotonic() < deadline:
        time.sleep(0.1)
    assert store.client.get_run(run_id).data.tags[BEAT] > first
    with running(store, "a run", {}) as own:
        assert status(store, run_id) == "RUNNING"
    assert status(store, own.info.run_id) == "FINISHED"
    process.kill()
    process.wait()
    mark_dead_runs(store)
    assert status(store, run_id) == "RUNNING"  # it may yet be alive
    monkeypatch.setattr(heartbeat, "SILENT", 0.0)
    mark_dead_runs(store)
    assert status(store, run_id) == "KILLED"


@pytest.mark.slow
def test_a_run_that_ended_while_it_was_looked_for_stays_as_it_ended(
    store: Store, begun: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, run_id = begun(Path.cwd())

    def slow(token: str) -> str:
        process.communicate()  # closes its standard input
        return "gone"

    monkeypatch.setattr(liveness, "look_for", slow)
    mark_dead_runs(store)
    assert status(store, run_id) == "FINISHED"


@pytest.mark.parametrize(("host", "expected"), [(HOST, "KILLED"), ("another", "RUNNING")])
def test_runs_from_before_are_judged_by_host_and_process(host: str, expected: str, store: Store) -> None:
    tags = {"process.host": host, "process.pid": "4194399", "process.started": "1.00"}
    gone = store.client.create_run(store.experiment, tags=tags).info.run_id
    living = store.client.create_run(store.experiment, tags=liveness._numbers(os.getpid())).info.run_id
    foreign = store.client.create_run(store.experiment).info.run_id
    mark_dead_runs(store)
    assert [status(store, run) for run in (gone, living, foreign)] == [expected, "RUNNING", "RUNNING"]


@pytest.mark.parametrize(
    "tags",
    [
        {"process.lock": "another"},
        {"process.lock": "another", "process.heartbeat": "soon"},
        {"process.host": HOST},
        {"process.host": HOST, "process.pid": "one"},
    ],
)
def test_a_run_whose_tags_somebody_has_changed_keeps_nobody_from_work(tags: dict[str, str], store: Store) -> None:
    run = store.client.create_run(store.experiment, tags=tags).info.run_id
    mark_dead_runs(store)
    assert status(store, run) == "RUNNING"

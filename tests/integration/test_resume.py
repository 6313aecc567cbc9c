"""A training that is killed, whoever is, goes on and comes to the same bundle, in the same MLflow run."""

import contextlib
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from mlflow import MlflowClient

from tests.conftest import DIGITS, Project, copy_of

SLOWLY = ("width: 16", "width: 16, checkpoint_every: 0.0")
DVC = [sys.executable, "-m", "dvc", "repro"]
FLOW = [sys.executable, "-m", "flows.train", "digits"]


@pytest.fixture(scope="module")
def prepared(new_project: Callable[..., Project], digits: Path) -> Project:
    """A project whose data is prepared and whose training keeps its state at nearly every step."""
    made = new_project(DIGITS.format(source=digits).replace(*SLOWLY))
    made.run("dvc", "repro", "prepare")
    return made


@pytest.fixture(scope="module")
def undisturbed(prepared: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = copy_of(prepared, tmp_path_factory.mktemp("undisturbed"))
    made.run("dvc", "repro", "export")
    return made


@pytest.fixture
def project(prepared: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = copy_of(prepared, tmp_path)
    monkeypatch.chdir(made.path)
    return made


@pytest.mark.parametrize(
    ("command", "victim"),
    [(FLOW, "components.training.train"), (DVC, "dvc"), (FLOW, "flows.train")],
    ids=["stage", "dvc", "flow"],
)
def test_a_killed_training_goes_on(project: Project, undisturbed: Project, command: list[str], victim: str) -> None:
    with in_training(project, command) as family:
        (process,) = [one for one in family if victim in one.cmdline()]
        process.kill()
    if victim == "components.training.train":
        assert "killed from outside, by the kernel if memory was full; run the same command again" in said(project)
    assert "going on from state/checkpoints/digits/" in project.run("dvc", "repro", "export")
    assert_as_if_undisturbed(project, undisturbed)


def test_ctrl_c_keeps_the_state_and_says_how_to_go_on(project: Project, undisturbed: Project) -> None:
    with in_training(project, DVC) as family:
        os.killpg(family[0].pid, signal.SIGINT)
    assert "which is saved; the same command goes on from there" in said(project)
    (run_id,) = runs(project)
    assert client(project).get_run(run_id).info.status == "KILLED"
    project.run("dvc", "repro", "export")
    assert_as_if_undisturbed(project, undisturbed)


def test_a_changed_parameter_begins_anew(project: Project, undisturbed: Project) -> None:
    with in_training(project, DVC) as family:
        family[0].kill()
    project.params("width: 16", "width: 16, momentum: 0.8")
    assert "going on" not in project.run("dvc", "repro", "export")
    assert bundle(project) != bundle(undisturbed)
    assert len(runs(project)) == 2


def test_a_training_that_dvc_did_not_record_is_not_taught_again(project: Project, undisturbed: Project) -> None:
    assert "training with" in project.run("python", "-m", "components.training.train", "digits")
    assert "training with" not in project.run("dvc", "repro", "export")
    assert_as_if_undisturbed(project, undisturbed)
    assert "training with" in project.run("dvc", "repro", "--force", "--single-item", "train@digits")
    assert len(runs(project)) == 2


def assert_as_if_undisturbed(project: Project, undisturbed: Project) -> None:
    assert bundle(project) == bundle(undisturbed)
    assert curve(project) == curve(undisturbed)
    (run_id,), (expected,) = runs(project), runs(undisturbed)
    assert logged(project, run_id) == logged(undisturbed, expected)
    assert client(project).get_run(run_id).info.status == "FINISHED"
    assert re.fullmatch(r"digits quick [0-9a-f]{7}", client(project).get_run(run_id).info.run_name)
    assert not list((project.path / "state" / "checkpoints" / "digits").iterdir())


@contextlib.contextmanager
def in_training(project: Project, command: list[str]) -> Iterator[list[psutil.Process]]:
    """Run a command until its training has kept its state, and halt it there: a slow test must not let it finish.

    Behind the block it moves again, and all processes end.
    """
    with (project.path / "said.txt").open("wb") as file:
        process = subprocess.Popen(
            command, cwd=project.path, env=project.environment(), stdout=file, stderr=file, start_new_session=True
        )
    wait_until(project, process, lambda: "training with" in said(project))
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    (training,) = [one for one in family if "components.training.train" in one.cmdline()]
    kept: set[int] = set()
    wait_until(project, process, lambda: len(move_on(project, training, kept)) >= 2)
    try:
        assert "finished.pt" not in {path.name for path in project.path.glob("state/checkpoints/digits/*/*")}
        yield family
        with contextlib.suppress(psutil.NoSuchProcess):
            training.resume()
        process.wait(60)
        assert psutil.wait_procs(family, timeout=60)[1] == []
    finally:
        for one in psutil.wait_procs(family, timeout=0)[1]:
            one.kill()


def wait_until(project: Project, process: "subprocess.Popen[bytes]", there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not there():
        assert process.poll() is None, said(project)
        assert time.monotonic() < deadline, said(project)
        time.sleep(0.005)


def move_on(project: Project, training: psutil.Process, kept: set[int]) -> set[int]:
    """Let the training move for a moment and halt it; add the times at which it has kept its state.

    While it is halted, a slow disk has time to write what it was given.
    """
    training.resume()
    time.sleep(0.02)
    training.suspend()
    time.sleep(0.08)
    kept.update(path.stat().st_mtime_ns for path in project.path.glob("state/checkpoints/digits/*/last.ckpt"))
    return kept


def said(project: Project) -> str:
    return (project.path / "said.txt").read_text()


def bundle(project: Project) -> dict[str, str]:
    folder = project.path / "artifacts" / "digits" / "bundle"
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def curve(project: Project) -> str:
    return (project.path / "artifacts" / "digits" / "weights" / "curve.csv").read_text()


def client(project: Project) -> MlflowClient:
    return MlflowClient(f"sqlite:///{project.path}/state/mlflow/mlflow.db")


def runs(project: Project) -> list[str]:
    store = client(project)
    experiment = store.get_experiment_by_name("digits")
    return [run.info.run_id for run in store.search_runs([experiment.experiment_id])]


def logged(project: Project, run_id: str) -> dict[str, list[tuple[int, float]]]:
    """Return what the training logged: each step of each metric."""
    store = client(project)
    names = [name for name in store.get_run(run_id).data.metrics if not name.startswith(("system/", "test_"))]
    return {name: [(one.step, one.value) for one in store.get_metric_history(run_id, name)] for name in names}

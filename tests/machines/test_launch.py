"""Trainings that torchrun or SLURM starts: what is killed goes on, and the same bytes come out, in one MLflow run."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.conftest import DIGITS, Project, copy_of
from tests.integration.test_resume import bundle, client, runs
from tests.processes import running

TWO = ("epochs: 10,", "accelerator: cpu, devices: 2, threads: 1, checkpoint_every: 0.0, epochs: 30,")
WORKER = "components.training.launch.worker"


@pytest.fixture(scope="module")
def prepared(new_project: Callable[..., Project], digits: Path) -> Project:
    made = new_project(DIGITS.format(source=digits).replace(*TWO))
    made.run("dvc", "repro", "prepare")
    return made


@pytest.fixture(scope="module")
def undisturbed(prepared: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The training of two processes, which the stage starts itself."""
    made = copy_of(prepared, tmp_path_factory.mktemp("undisturbed"))
    made.run("dvc", "repro", "export")
    return made


@pytest.fixture
def project(prepared: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = copy_of(prepared, tmp_path)
    made.params("devices: 2,", "devices: 2, launcher: torchrun,")
    monkeypatch.chdir(made.path)
    return made


@pytest.mark.timeout(1_800)
def test_a_worker_killed_then_its_agent_one_hash_and_one_run(project: Project, undisturbed: Project) -> None:
    with in_training(project) as stage:
        agent, workers = processes(stage)
        assert len(workers) == 2
        workers[1].kill()
        wait_for(lambda: began_anew(project, stage, workers))
        assert processes(stage)[0] == agent
        assert "is submitted again" not in said(project)
        agent.kill()
    assert said(project).count("is submitted again and goes on") == 1
    assert "has ended with status -9" in said(project)
    assert_as_if_undisturbed(project, undisturbed)
    assert not list((project.path / "state" / "launch" / "digits").glob("*.json"))


@pytest.mark.timeout(1_800)
def test_without_the_setting_for_restarts_torchrun_cannot(project: Project) -> None:
    """The control: what torchrun starts again does not find each other."""
    with in_training(project, status=-signal.SIGKILL, TORCH_DISABLE_SHARE_RDZV_TCP_STORE="0") as stage:
        agent, workers = processes(stage)
        workers[1].kill()
        wait_for(lambda: "connectFullMesh failed" in said(project) or not stage.is_running())
        if "connectFullMesh failed" not in said(project):
            pytest.skip(
                "those that torchrun started again found each other by chance: this time the control shows nothing"
            )
        stage.kill()
        agent.kill()


@pytest.mark.timeout(1_800)
def test_the_stage_killed_the_next_one_goes_on(project: Project, undisturbed: Project) -> None:
    with in_training(project, status=255) as stage:
        agent, workers = processes(stage)
        (waiting,) = running([stage, *stage.children(recursive=True)], "components.training.train")
        waiting.kill()
        assert psutil.wait_procs([agent, *workers], timeout=600)[1] == []
    project.run("dvc", "repro", "export")
    assert_as_if_undisturbed(project, undisturbed)


def test_what_is_wrong_is_told_once_and_in_one_line(project: Project) -> None:
    project.params("batch_size: 32", "batch_size: 31")
    output = project.fail("dvc", "repro", "train")
    assert "error: train.batch_size: 31 examples cannot be shared by 2 processes" in output
    assert "is submitted again" not in output


@pytest.mark.timeout(1_800)
def test_slurm_starts_again_what_it_requeues_and_who_waits_is_killed(
    project: Project, undisturbed: Project, slurm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_CONF", slurm)
    project.params("launcher: torchrun", "launcher: slurm")
    with in_training(project, status=255) as stage:
        (waiting,) = running([stage, *stage.children(recursive=True)], "components.training.train")
        waiting.kill()
    (job,) = asked("squeue", "--noheader", "--format=%i").split()
    asked("scontrol", "requeue", job)
    wait_for(lambda: asked("squeue", "--noheader", "--format=%T").split() == ["PENDING"])
    asked("scontrol", "update", f"JobId={job}", "StartTime=now")  # not two minutes later
    output = project.run("dvc", "repro", "export", SLURM_CONF=slurm)
    assert f"slurm: waiting for job {job}, which was submitted before" in output
    assert "going on from state/checkpoints/digits/" in output
    assert "is submitted again" not in output
    assert_as_if_undisturbed(project, undisturbed, f"slurm {job} ")


def test_what_slurm_refuses_is_told_in_one_line(project: Project, slurm: str) -> None:
    project.params("launcher: torchrun", "launcher: slurm")
    output = project.fail("dvc", "repro", "train", SLURM_CONF=slurm, SBATCH_PARTITION="nowhere")
    assert "error: train.launcher: slurm: sbatch: error: invalid partition specified: nowhere" in output
    project.params("devices: 2, launcher", "launcher")
    output = project.fail("dvc", "repro", "train", SLURM_CONF=slurm)
    assert "error: train.devices: say how many processes a node has" in output


def asked(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def assert_as_if_undisturbed(project: Project, undisturbed: Project, by: str = "torchrun train-digits-") -> None:
    assert bundle(project) == bundle(undisturbed)
    (run_id,) = runs(project)
    run = client(project).get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["journeyman.launched"].startswith(by)


@contextmanager
def in_training(project: Project, status: int = 0, **variables: str) -> Iterator[psutil.Process]:
    """Run the stage until its training has kept its state; behind the block it comes to its end."""
    with (project.path / "said.txt").open("wb") as file:
        stage = subprocess.Popen(
            [sys.executable, "-m", "dvc", "repro", "export"],
            cwd=project.path,
            env={**project.environment(), **variables},
            stdout=file,
            stderr=file,
        )
    try:
        wait_for(lambda: stage.poll() is not None or bool(kept(project)))
        assert stage.poll() is None, said(project)
        yield psutil.Process(stage.pid)
        assert stage.wait(900) == status, said(project)
    finally:
        stage.kill()


def processes(stage: psutil.Process) -> tuple[psutil.Process, list[psutil.Process]]:
    """Return torchrun, and the processes that it has started; one that it is about to start is called as it is."""
    found = running(stage.children(recursive=True), "torch.distributed.run")
    (agent,) = [one for one in found if one.ppid() not in {other.pid for other in found}]
    return agent, running(agent.children(), WORKER)


def began_anew(project: Project, stage: psutil.Process, before: list[psutil.Process]) -> bool:
    _, workers = processes(stage)
    return len(workers) == 2 and not set(workers) & set(before) and "going on from" in said(project)


def kept(project: Project) -> list[Path]:
    return list(project.path.glob("state/checkpoints/digits/*/last.ckpt"))


def said(project: Project) -> str:
    return (project.path / "said.txt").read_text(errors="replace")


def wait_for(condition: Callable[[], bool], within: float = 600.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)

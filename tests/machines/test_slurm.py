"""A SLURM that runs: a node of two is lost, a job comes to its time limit or is cancelled, an array scores."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import Project, copy_of
from tests.machines.conftest import slurm_of
from tests.machines.hosts import Hosts, network
from tests.machines.test_launch import (  # noqa: F401 - fixtures
    WORKER,
    asked,
    assert_as_if_undisturbed,
    in_training,
    prepared,
    said,
    undisturbed,
    wait_for,
)
from tests.processes import running
from tests.registering import registered

SCORE = f"{sys.executable} -m flows.score digits pictures --out scores.parquet"


@pytest.fixture
def project(prepared: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:  # noqa: F811
    made = copy_of(prepared, tmp_path)
    made.params("devices: 2,", "devices: 2, launcher: slurm,")
    monkeypatch.chdir(made.path)
    return made


@pytest.mark.timeout(1_800)
def test_a_job_at_its_time_limit_is_submitted_again_and_goes_on(
    project: Project,
    undisturbed: Project,  # noqa: F811
    slurm: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLURM_CONF", slurm)
    with in_training(project, SBATCH_TIMELIMIT="30"):
        ((job, limit),) = jobs("%i %l")
        assert limit == "30:00"
        asked("scontrol", "update", f"JobId={job}", "TimeLimit=1")
        for worker in workers():
            worker.suspend()  # SLURM has it continue when it ends it
        wait_for(lambda: "is submitted again" in said(project))
    assert f"slurm: job {job} has ended: TIMEOUT; it is submitted again and goes on" in said(project)
    assert "going on from state/checkpoints/digits/" in said(project)
    assert_as_if_undisturbed(project, undisturbed, "slurm ")


@pytest.mark.timeout(1_800)
def test_a_job_that_a_person_cancels_stays_so(
    project: Project,
    undisturbed: Project,  # noqa: F811
    slurm: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLURM_CONF", slurm)
    with in_training(project, status=255):
        ((job,),) = jobs("%i")
        asked("scancel", job)
    assert f"error: slurm: job {job} has ended: CANCELLED; see state/launch/digits/" in said(project)
    assert "is submitted again" not in said(project)
    assert jobs("%i") == []
    assert "going on from state/checkpoints/digits/" in project.run("dvc", "repro", "export", SLURM_CONF=slurm)
    assert_as_if_undisturbed(project, undisturbed, "slurm ")


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    with network(tmp_path, "one", "two") as made:
        yield made


@pytest.mark.timeout(1_800)
def test_a_node_of_two_is_lost_and_slurm_starts_the_job_again(
    project: Project,
    undisturbed: Project,  # noqa: F811
    hosts: Hosts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project.params("devices: 2,", "devices: 1, nodes: 2,")
    nodes = {name: hosts.host(name) for name in ("one", "two")}
    machines = {name: (host.address, host.started) for name, host in nodes.items()}
    with slurm_of(machines, hosts.here) as configuration:
        monkeypatch.setenv("SLURM_CONF", configuration)
        with in_training(project):
            ((job, where),) = jobs("%i %N")
            assert where == "one,two"
            nodes["two"].lost()
            wait_for(lambda: jobs("%T") == [["PENDING"]])
            hosts.host("two").started(
                "/usr/sbin/slurmd", "-D", environment=project.environment(), said=project.path / "slurmd.txt"
            )
    assert "is submitted again" not in said(project)
    assert "going on from state/checkpoints/digits/" in said(project)
    assert_as_if_undisturbed(project, undisturbed, f"slurm {job} ")


@pytest.mark.timeout(1_800)
def test_an_array_answers_shards_and_a_job_behind_it_merges_them(
    trained: Project, digits: Path, slurm: str, prefect_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job behind the array begins when all of it has ended well; one of the array's is requeued."""
    monkeypatch.setenv("SLURM_CONF", slurm)
    monkeypatch.setenv("PREFECT_API_URL", prefect_url)
    registered("digits")
    (trained.path / "pictures").symlink_to(digits)
    environment = {**trained.environment(), "PREFECT_API_URL": prefect_url}

    def submitted(*options: str) -> str:
        command = ["sbatch", "--parsable", "--output=state/job-%A-%a.txt", *options]
        return subprocess.run(
            command, cwd=trained.path, env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    array = submitted("--array=0-3", "--wrap", f"{SCORE} --shard $SLURM_ARRAY_TASK_ID/4")
    merging = submitted(f"--dependency=afterok:{array}", "--wrap", f"{SCORE} --merge")
    wait_for(lambda: [f"{array}_1", "RUNNING"] in jobs("%i %T"))
    asked("scontrol", "requeue", f"{array}_1")
    wait_for(lambda: [f"{array}_1", "PENDING"] in jobs("%i %T"))
    asked("scontrol", "update", f"JobId={array}_1", "StartTime=now")
    wait_for(lambda: jobs("%i") == [], within=1_200)
    told = "".join(path.read_text() for path in sorted(trained.path.glob("state/job-*.txt")))
    assert "of all shards" in told, told
    assert asked("scontrol", "--oneliner", "show", "job", merging).count("JobState=COMPLETED") == 1
    command = ("python", "-m", "flows.score", "digits", "pictures", "--out", "alone.parquet")
    trained.run(*command, PREFECT_API_URL=prefect_url)
    assert (trained.path / "scores.parquet").read_bytes() == (trained.path / "alone.parquet").read_bytes()


def jobs(format: str) -> list[list[str]]:
    """Return what SLURM says of each job that waits or runs."""
    return [line.split() for line in asked("squeue", "--noheader", "--array", f"--format={format}").splitlines()]


def workers() -> list[psutil.Process]:
    """Return the processes of trainings in this folder."""
    found = running(list(psutil.process_iter()), WORKER)
    return [each for each in found if each.cwd() == str(Path.cwd()) and "srun" not in each.name()]

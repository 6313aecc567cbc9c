"""A training on two hosts: a worker is killed, then its agent, then the host where they meet is lost."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa
from mlflow import MlflowClient
from mlflow.entities import Run

from tests.conftest import Project, copy_of
from tests.integration.test_resume import bundle
from tests.machines.conftest import Postgres
from tests.machines.hosts import Host, Hosts, network
from tests.machines.test_launch import WORKER, kept, prepared, undisturbed, wait_for  # noqa: F401 - fixtures
from tests.machines.test_sixteen_shards import Network
from tests.processes import running

STAGE = (sys.executable, "-m", "dvc", "repro", "export")
JOIN = (sys.executable, "-m", "flows.join", "digits")


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    with network(tmp_path, "one", "two") as made:
        yield made


@pytest.fixture
def store(hosts: Hosts, postgres: Postgres) -> Iterator[str]:
    """The address of an empty database, as the hosts reach it."""
    wire = Network(postgres.port, hosts.here)
    yield sa.make_url(postgres.database()).set(host=hosts.here, port=wire.port).render_as_string(hide_password=False)
    wire.cut()


@pytest.fixture
def project(prepared: Project, store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:  # noqa: F811
    made = copy_of(prepared, tmp_path)
    made.params("devices: 2,", "devices: 1, nodes: 2, launcher: torchrun,")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    monkeypatch.chdir(made.path)
    return made


class Training:
    """The stage on one host, and what takes part on the other."""

    def __init__(self, project: Project, hosts: Hosts, head: str, other: str, **variables: str) -> None:
        self._project, self._hosts = project, hosts
        self._environment = {
            **project.environment(),
            "MLFLOW_TRACKING_URI": os.environ["MLFLOW_TRACKING_URI"],
            "JOURNEYMAN_ARTIFACTS": str(project.path / "state" / "shared artifacts"),
            "PET_RDZV_ENDPOINT": f"{head}:29500",
            **variables,
        }
        self.head, self.other = hosts.host(head), hosts.host(other)
        self.stage, self.join = self._start(self.head, STAGE), self._start(self.other, JOIN)

    def _start(self, host: Host, command: tuple[str, ...]) -> "subprocess.Popen[bytes]":
        return host.started(*command, folder=self._project.path, environment=self._environment, said=self._file(host))

    def _file(self, host: Host) -> Path:
        return self._project.path / f"said-{host.name}.txt"

    def said(self, host: Host) -> str:
        return self._file(host).read_text(errors="replace")

    def goes_on(self, times: int) -> None:
        """Wait until the training has gone on from a checkpoint so many times, or was begun and has kept one: 0."""

        def so_often() -> bool:
            assert self.stage.poll() is None, self.said(self.head)
            assert self.join.poll() is None, self.said(self.other)
            said = self.said(self.head) + self.said(self.other)
            return said.count("going on from") >= times and bool(kept(self._project))

        wait_for(so_often)

    def loses_its_head(self) -> None:
        """Lose the host of the stage; there is another one in its place later, on which the same command is typed."""
        self.head.lost()
        self.stage.wait(60)
        self.head = self._hosts.host(self.head.name)
        self.stage = self._start(self.head, STAGE)

    def loses_the_other(self) -> None:
        """Lose the other host; another one of that name takes part."""
        self.other.lost()
        self.join.wait(60)
        self.other = self._hosts.host(self.other.name)
        self.join = self._start(self.other, JOIN)


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize(("head", "other", "first"), [("one", "two", "one"), ("two", "one", "one")])
def test_a_worker_its_agent_and_the_host_where_they_meet_are_lost(
    project: Project,
    undisturbed: Project,  # noqa: F811
    hosts: Hosts,
    head: str,
    other: str,
    first: str,
) -> None:
    """`first`: the host of the first process, which torchrun takes by the names of the hosts."""
    training = Training(project, hosts, head, other)
    training.goes_on(0)
    processes(training.join)[1].kill()
    training.goes_on(1)
    processes(training.join)[0].kill()
    training.goes_on(2)
    training.loses_its_head()
    training.goes_on(3)
    assert training.stage.wait(900) == 0, training.said(training.head)
    assert training.join.wait(60) == 0, training.said(training.other)
    assert bundle(project) == bundle(undisturbed)
    (run,) = runs()
    assert run.info.status == "FINISHED"
    launcher, job, host = run.data.tags["journeyman.launched"].split()
    assert (launcher, host) == ("torchrun", first)
    assert job.startswith("train-digits-")


@pytest.mark.timeout(1_800)
def test_another_host_takes_the_place_of_one_that_is_lost(
    project: Project,
    undisturbed: Project,  # noqa: F811
    hosts: Hosts,
) -> None:
    training = Training(project, hosts, "one", "two")
    training.goes_on(0)
    training.loses_the_other()
    training.goes_on(1)
    assert training.stage.wait(900) == 0, training.said(training.head)
    assert "is submitted again" not in training.said(training.head)
    assert training.join.wait(60) == 0, training.said(training.other)
    assert bundle(project) == bundle(undisturbed)


@pytest.mark.timeout(1_800)
def test_without_the_setting_for_restarts_torchrun_cannot(project: Project, hosts: Hosts) -> None:
    """The control: the processes that torchrun starts again do not find each other."""
    training = Training(project, hosts, "one", "two", TORCH_DISABLE_SHARE_RDZV_TCP_STORE="0")
    training.goes_on(0)
    processes(training.join)[1].kill()
    wait_for(lambda: "connectFullMesh failed" in training.said(training.head) + training.said(training.other))


def processes(join: "subprocess.Popen[bytes]") -> tuple[psutil.Process, psutil.Process]:
    """Return torchrun and the one process that it has started."""
    found = running(psutil.Process(join.pid).children(recursive=True), "torch.distributed.run")
    (agent,) = [each for each in found if each.ppid() not in {other.pid for other in found}]
    (worker,) = running(agent.children(), WORKER)
    return agent, worker


def runs() -> list[Run]:
    client = MlflowClient(os.environ["MLFLOW_TRACKING_URI"])
    (experiment,) = [each for each in client.search_experiments() if each.name == "digits"]
    return list(client.search_runs([experiment.experiment_id]))

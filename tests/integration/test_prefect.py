"""Prefect for real: the scheduled half on a server and a worker, as README tells it."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from components.versioning.stages import STAGES
from tests.conftest import Project, end
from tests.servers import free_port, wait_for


@pytest.fixture
def server(trained: Project) -> Iterator[str]:
    port = free_port()
    with _background(trained, "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)):
        url = f"http://127.0.0.1:{port}/api"
        wait_for(lambda: httpx.get(f"{url}/health", timeout=2).is_success)
        yield url


def test_the_deployment_is_scheduled_and_a_worker_runs_it(trained: Project, server: str) -> None:
    deploy = trained.path / "prefect.yaml"
    deploy.write_text(deploy.read_text().replace("workload: garments", "workload: digits"))
    there = {"PREFECT_API_URL": server}
    trained.run("prefect", "--no-prompt", "work-pool", "create", "--type", "process", "local", **there)
    trained.run("prefect", "--no-prompt", "deploy", "--all", **there)

    deployment = httpx.get(f"{server}/deployments/name/train/nightly").json()
    assert deployment["schedules"][0]["schedule"]["cron"] == "0 3 * * *"
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    wait_for(lambda: len(_runs(server, "SCHEDULED")) > 0)  # the server's scheduler works with these versions

    soon = {"PREFECT_WORKER_QUERY_SECONDS": "1"}
    with _background(trained, "prefect", "worker", "start", "--pool", "local", **soon, **there):
        trained.run("prefect", "deployment", "run", "train/nightly", "--watch", **there)
        (run,) = _runs(server, "COMPLETED")
        trained.run("prefect", "deployment", "run", "rebuild/again", "--param", "version=1", "--watch", **there)
        trained.fail("prefect", "deployment", "run", "rollback/now", "--watch", **there)

    (failed,) = _runs(server, "FAILED")
    assert "there is no former champion to go back to" in str(failed["state"])
    assert run["parameters"] == {"workload": "digits"}
    states = {task["name"]: task["state_name"] for task in _tasks(server, run["id"])}
    tasks = (
        "describe data", "register", "judge", "describe", "promote", "package", "ask endpoint", "publish",
        "tell of canary", "tell of shadow", "note cost",
    )  # fmt: skip
    assert states == dict.fromkeys(STAGES, "Skipped") | dict.fromkeys(tasks, "Completed")
    artifacts = {one["key"]: one["data"] for one in httpx.post(f"{server}/artifacts/latest/filter", json={}).json()}
    assert set(artifacts) == {"data-digits", "summary-digits", "verdict-digits", "rebuild-digits-1"}
    assert "| result | identical |" in artifacts["rebuild-digits-1"]
    assert "| champion | version 1 is the first champion |" in artifacts["summary-digits"]
    assert "# digits version 1: passed" in artifacts["verdict-digits"]
    assert "| data: validated |" in artifacts["verdict-digits"]
    assert json.loads(trained.run("bentoml", "list", "-o", "json"))[0]["tag"].startswith("digits:v1-")


@contextmanager
def _background(project: Project, *command: str, **variables: str) -> Iterator[None]:
    log = project.path / "state" / f"{command[1]}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    (project.path / "state" / "prefect").mkdir(exist_ok=True)
    with log.open("w") as file:
        process = subprocess.Popen(
            command, cwd=project.path, env={**project.environment(), **variables}, stdout=file, stderr=file
        )
    try:
        yield
    finally:
        end(process)


def _runs(server: str, state: str) -> list[dict[str, object]]:
    filter = {"flow_runs": {"state": {"type": {"any_": [state]}}}}
    return list(httpx.post(f"{server}/flow_runs/filter", json=filter).json())


def _tasks(server: str, run: object) -> list[dict[str, object]]:
    return list(httpx.post(f"{server}/task_runs/filter", json={"flow_runs": {"id": {"any_": [run]}}}).json())

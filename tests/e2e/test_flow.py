"""The whole loop, as `make run` runs it, on a small real data set."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psutil
import pytest
from mlflow import MlflowClient

from components.versioning.stages import STAGES
from tests.conftest import Project
from tests.processes import command
from tests.servers import wait_for

TRAINING = "components.training.train"
TRAIN = ("python", "-m", "flows.train", "digits")
DEAD_PROXY = {
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "all_proxy": "socks5://127.0.0.1:9",
    "no_proxy": "",
}
"""A proxy for everything, at which nothing listens: this machine's own servers are reached past it."""


def test_the_loop_closes_and_a_second_run_changes_nothing(project: Project, prefect_url: str) -> None:
    first = project.run(*TRAIN, **DEAD_PROXY)
    facts = _facts(first)
    assert facts["training"] == "trained anew"
    assert float(facts["test accuracy"].rstrip("%")) > 80
    assert re.search(r"\d+\.\d\d%", facts["baseline"])
    assert facts["registered"] == "digits version 1"
    assert facts["champion"] == "version 1 is the first champion"
    assert facts["Bento"].startswith("digits:v1-")
    assert re.search(r"\d+ of 10 held-out examples right", facts["endpoint"])
    pointer = json.loads((project.path / "state" / "champions" / "digits" / "champion.json").read_text())
    beside = sorted(pointer["beside"])
    assert (pointer["version"], beside[:3], beside[4:]) == (
        "1",
        ["card.html", "card.json", "card.md"],
        ["examples.json"],
    )
    assert beside[3].startswith("entry-000001-")
    assert len(re.findall(r"│ digit-\d\s+│ digit-\d\s+│ [01]\.\d{3}", first)) == 10
    assert first.index("digits: what is read, split and trained on") < first.index("Running stage 'train@digits'")
    assert "Completed('ran" in first
    assert "The gate: digits version 1 against no champion" in first
    assert re.search(r"data: validated .*│ yes ", first)
    tags = MlflowClient(f"sqlite:///{project.path}/state/mlflow/mlflow.db").get_model_version("digits", "1").tags
    assert tags["journeyman.bento"] == facts["Bento"]
    assert facts["Bento"].endswith(tags["journeyman.serving_code_sha256"][:8])
    assert tags["journeyman.flow_run"] != "none"

    second = project.run(*TRAIN)
    again = _facts(second)
    assert again["training"].startswith("nothing to train")
    assert tuple(re.findall(r"(\w+) Skipped", again["stages"])) == STAGES
    assert again["registered"] == "digits version 1 (registered before)"
    assert again["champion"] == "version 1 is champion already"
    assert "The gate" not in second
    for same in ("MLflow run", "Bento", "test accuracy"):
        assert again[same] == facts[same]
    assert [run.info.status for run in _mlflow_runs(project)] == ["FINISHED"]
    assert _prefect_states(project) == ["Completed", "Completed"]
    assert "Traceback" not in first + second
    assert not (project.path / "state" / "prefect" / "memo_store.toml").exists()  # a user's own server registers blocks

    project.run("python", "-c", "import shutil; shutil.rmtree('artifacts')")
    third = project.run(*TRAIN, PREFECT_API_URL=prefect_url)
    restored = _facts(third)
    assert "train Cached" in restored["stages"] or "train Skipped" in restored["stages"]
    assert restored["registered"] == "digits version 1 (registered before)"


@pytest.mark.parametrize("moment", ["components.data.prepare", "components.training.train", "bentoml serve"])
def test_killed_at_any_moment_the_next_run_ends_as_if_nothing_had_happened(
    moment: str, prefect_url: str, request: pytest.FixtureRequest
) -> None:
    project = request.getfixturevalue("trained" if moment == "bentoml serve" else "project")
    embedded = moment == "components.data.prepare"  # the others have a server that lives on
    there = {} if embedded else {"PREFECT_API_URL": prefect_url}
    began = datetime.now(UTC)
    process = _start(project, *TRAIN, **there)
    _wait_for(project, moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 90  # a stage that was starting hears of it when it has imported all
    while _alive(project) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _alive(project) == []

    facts = _facts(project.run(*TRAIN, **there))
    assert facts["registered"].startswith("digits version 1")
    assert "version 1" in facts["champion"]
    statuses = [run.info.status for run in _mlflow_runs(project)]
    assert "RUNNING" not in statuses
    assert statuses.count("FINISHED") == 1
    assert (_prefect_states(project) if embedded else _states_since(began, prefect_url)) == ["Completed", "Crashed"]
    drafts = [path for folder in ("artifacts", "state") for path in (project.path / folder).rglob(".*draft-*")]
    assert drafts == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ended_in_mid_training_nothing_lives_on(number: signal.Signals, project: Project) -> None:
    process = _start(project, *TRAIN)
    _wait_for(project, "components.training.train")
    time.sleep(4)  # into the training
    process.send_signal(number)
    assert process.wait(30) != 0
    deadline = time.monotonic() + 90  # a stage that was starting hears of it when it has imported all
    while _alive(project) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _alive(project) == []
    assert "RUNNING" not in [run.info.status for run in _mlflow_runs(project)]


def test_a_stage_waits_while_another_dvc_is_at_work(trained: Project) -> None:
    trained.params("epochs: 10", "epochs: 11")
    code = "from components.versioning.stages import reproduce; print('ended', *reproduce(['train'], 'digits'))"
    with (
        _start(trained, sys.executable, "-m", "dvc", "repro", "train@digits") as other,
        _suspended(trained, TRAINING) as training,  # for as long as the task needs to find DVC busy
        trained.started("python", "-c", code, PYTHONPATH=".") as waiting,
    ):
        assert waiting.stdout
        said = ""
        for line in waiting.stdout:
            said += line
            if "stage train waits: another dvc is at work here" in line:
                break
        training.resume()
        assert other.wait(60) == 0
        said += waiting.stdout.read()
    assert "stage train waits: another dvc is at work here" in said
    assert "ended Outcome(name='Skipped'" in said


def test_what_was_decided_and_not_carried_out_the_next_run_carries_out_and_says(
    trained: Project, prefect_url: str
) -> None:
    """The endpoint has no time to get ready: its version is champion, and published nowhere."""
    trained.params("    train:", "    serve: {start_timeout: 0.001}\n    train:")
    last = trained.fail(*TRAIN, PREFECT_API_URL=prefect_url).strip().splitlines()[-1]
    assert last.startswith("error: the endpoint did not get ready within 0.001 s (serve.start_timeout)")
    pointer = trained.path / "state" / "champions" / "digits" / "champion.json"
    assert not pointer.exists()
    trained.params("start_timeout: 0.001", "start_timeout: 300")
    said = trained.run(*TRAIN, PREFECT_API_URL=prefect_url)
    facts = _facts(said)
    assert facts["registered"] == "digits version 1 (registered before)"  # how long it is waited for is not in a bundle
    assert facts["champion"] == "version 1 is champion already"
    assert facts["finished"].startswith("the run that put version 1 to work did not publish it; this one")
    assert json.loads(pointer.read_text())["version"] == "1"


def test_a_users_mistake_is_one_line(project: Project, prefect_url: str) -> None:
    project.params("epochs:", "epoch:")
    said = project.fail(*TRAIN, PREFECT_API_URL=prefect_url)
    assert said.splitlines()[-1].startswith("error: params.yaml: workloads.digits.train.epoch: unknown key.")
    assert "Traceback" not in said


def test_an_unknown_workload_is_one_line(project: Project, prefect_url: str) -> None:
    said = project.fail("python", "-m", "flows.train", "digit", PREFECT_API_URL=prefect_url)
    assert "error: params.yaml: unknown workload 'digit'. Allowed: digits. Did you mean 'digits'?" in said
    assert "Traceback" not in said


def test_a_failing_stage_says_why_in_its_last_line(project: Project, prefect_url: str) -> None:
    project.params("test: 0.2}", "test: 0.2, limits: {smallest_class: 1000}}")
    said = project.fail(*TRAIN, PREFECT_API_URL=prefect_url)
    last = said.strip().splitlines()[-1]
    assert last.startswith("error: stage prepare@digits failed: label 'digit-0' has")
    assert said.count("label 'digit-0' has") == 1  # not by the stage, DVC, the task and the flow as well
    assert "Traceback" not in said


def _start(project: Project, *command: str, **variables: str) -> subprocess.Popen[bytes]:
    """Start a command whose descendants `_family` finds."""
    return subprocess.Popen(
        command,
        cwd=project.path,
        env={**project.environment(), "JOURNEYMAN_TEST": str(project.path), **variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def _suspended(project: Project, module: str) -> Iterator[psutil.Process]:
    """Suspend the one process that runs the module, once it is there; it goes on behind the block at the latest."""
    found: list[psutil.Process] = []

    def there() -> bool:  # the shell that is about to become it has the module among other words
        found[:] = [process for process in _family(project) if module in command(process)]
        return len(found) == 1

    wait_for(there)
    found[0].suspend()
    try:
        yield found[0]
    finally:
        with suppress(psutil.NoSuchProcess):
            found[0].resume()


def _facts(output: str) -> dict[str, str]:
    """Return the rows of the last table, which is the summary's."""
    last = output.rpartition("┏")[2]
    rows = [re.split(r"\s*│\s*", line.strip())[1:-1] for line in last.splitlines() if line.startswith("│")]
    facts: dict[str, str] = {}
    key = ""
    for what, outcome in (row for row in rows if len(row) == 2):
        key = what or key
        facts[key] = f"{facts.get(key, '')} {outcome}".strip()
    return facts


def _mlflow_runs(project: Project):
    client = MlflowClient(f"sqlite:///{project.path}/state/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("digits")
    return client.search_runs([experiment.experiment_id]) if experiment else []


def _prefect_states(project: Project) -> list[str]:
    connection = sqlite3.connect(project.path / "state" / "prefect" / "prefect.db")
    states = [name for (name,) in connection.execute("select state_name from flow_run")]
    connection.close()
    return sorted(states)


def _states_since(began: datetime, server: str) -> list[str]:
    runs = httpx.post(f"{server}/flow_runs/filter", json={"flow_runs": {"start_time": {"after_": began.isoformat()}}})
    return sorted(run["state"]["name"] for run in runs.json())


def _wait_for(project: Project, words: str) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if any(words in command for command in _alive(project)):
            return
        time.sleep(0.05)
    raise AssertionError(f"no process {words!r} was seen")


def _alive(project: Project) -> list[str]:
    return [" ".join(words) for process in _family(project) if (words := command(process))]


def _family(project: Project) -> list[psutil.Process]:
    """Return every process that descends from the flow, wherever it hangs now: the environment is inherited."""
    mark = f"JOURNEYMAN_TEST={project.path}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes().split(b"\0") and int(path.parent.name) != os.getpid():
                found.append(psutil.Process(int(path.parent.name)))
        except (OSError, psutil.NoSuchProcess):
            continue
    return [process for process in found if process.is_running()]

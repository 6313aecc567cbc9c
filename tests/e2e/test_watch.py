"""Somebody watches an endpoint at work: pictures come, labels come, then dark pictures, and what is said of it."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pytest
from mlflow import MlflowClient
from numpy.typing import NDArray

from components.config.settings import artifacts
from components.inference.gateway.keys import new_key
from components.kinds.image import codec
from components.kinds.prepared import open_prepared
from components.prediction_log.reader import Log
from components.watch.report import Report
from components.watch.watch import watch
from tests.conftest import Project
from tests.integration.test_bento import serving

ZERO = timedelta(0)


@pytest.fixture(scope="module")
def watched(digits_bento: tuple[Project, str]) -> Iterator[tuple[Project, httpx.Client]]:
    """An endpoint that asks for a key, whoever reads its metrics, and a caller who has one."""
    project, bento = digits_bento
    key, line = new_key("shop")
    settings = {
        "JOURNEYMAN_API_KEYS": line,
        "JOURNEYMAN_METRICS": "keys",
        "JOURNEYMAN_LOG_DIR": str(project.path / "state" / "log"),
    }
    with (
        serving(project, bento, cwd=project.path.parent, variables=settings) as url,
        httpx.Client(base_url=url, headers={"x-api-key": key}, timeout=30, trust_env=False) as client,
    ):
        yield project, client


def test_a_watch_says_what_became_of_the_answers(watched: tuple[Project, httpx.Client], prefect_url: str) -> None:
    project, client = watched
    data = open_prepared(project.path / artifacts("digits", "prepared"))
    inputs = np.asarray(data.inputs("test"))
    truth = [data.classes[label] for label in data.labels("test")]

    assert [httpx.get(f"{client.base_url}{path}").status_code for path in ("/watch", "/metrics")] == [401, 401]
    missing = client.get("/watch")
    assert missing.status_code == 404
    assert "nothing is known yet; `python -m flows.watch digits` writes the page" in missing.text
    assert "journeyman_watch_verdict{" not in client.get("/metrics").text

    right = _answered_and_labelled(client, inputs, truth)
    said = _report(project, datetime.now(UTC)).verdict
    assert (said.verdict, said.rule) == ("well", f"nothing is wrong by {len(truth)} labels, expected quality")

    wrong = len(truth) - _answered_and_labelled(client, inputs // 4, truth)
    assert wrong > len(truth) / 2  # the model has not learned to read in the dark
    output = project.run("python", "-m", "flows.watch", "digits", PREFECT_API_URL=prefect_url)
    assert "harm: the accuracy of labelled answers is worse than the reference allows" in output
    folder = project.path / "state" / "watch" / "digits"
    report = Report.model_validate_json((folder / "report.json").read_text())
    (version,) = report.versions
    assert (version.version, version.verdict.verdict) == ("1", "harm")
    assert sum(day.rows for day in version.traffic) == sum(day.labelled for day in version.traffic) == 2 * len(truth)
    accuracy = version.quality[0]
    assert accuracy.metric == "accuracy"
    assert accuracy.now.value == pytest.approx((right + len(truth) - wrong) / (2 * len(truth)))
    assert _points(project)["quality/accuracy"] == [pytest.approx(day.value) for day in accuracy.days]
    _told_to_prefect(prefect_url, report)

    page = client.get("/watch")
    assert (page.status_code, page.text) == (200, (folder / "index.html").read_text())
    assert "It does harm." in page.text
    shown = client.get("/metrics").text
    assert 'journeyman_watch_verdict{workload="digits",version="1",verdict="harm"} 1\n' in shown
    assert 'journeyman_watch_verdict{workload="digits",version="1",verdict="well"} 0\n' in shown
    assert httpx.get(f"{client.base_url}/watch").status_code == 401

    assert version.embedding is None  # no day is over
    tomorrow = _report(project, datetime.now(UTC) + timedelta(days=1)).versions[0]  # when this day is over
    assert {"brightness", "output: answer"} <= {name for day in tomorrow.drift for name in day.drifted}
    assert tomorrow.embedding is not None
    assert tomorrow.embedding.size > 0.3
    assert tomorrow.embedding.p_value < 0.001


def _answered_and_labelled(client: httpx.Client, pictures: NDArray[Any], truth: list[str]) -> int:
    """Ask about each picture, tell what it was, and return how many of the answers were right."""
    answers = [client.post("/predict", files=codec.encode(picture)).json() for picture in pictures]
    labels = [{"id": answer["id"], "label": label} for answer, label in zip(answers, truth, strict=True)]
    told = client.post("/labels", json=labels)
    assert told.json()["recorded"] == len(truth), told.text
    return sum(answer["label"] == label for answer, label in zip(answers, truth, strict=True))


def _report(project: Project, as_of: datetime) -> Report:
    """Return what is known by then."""
    log = Log.open(project.path / "state" / "log" / "digits")
    return watch(log, lambda version: project.path / artifacts("digits", "bundle"), as_of, ZERO, 0.02)


def _points(project: Project) -> dict[str, list[float]]:
    client = MlflowClient(f"sqlite:///{project.path}/state/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("digits.watch")
    assert experiment
    (run,) = client.search_runs([experiment.experiment_id])
    return {
        name: [point.value for point in client.get_metric_history(run.info.run_id, name)] for name in run.data.metrics
    }


def _told_to_prefect(server: str, report: Report) -> None:
    artifact = httpx.get(f"{server}/artifacts/watch-digits/latest").json()
    assert f"harm: {report.verdict.rule}" in artifact["data"]
    named = {"name": [f"journeyman.verdict.{report.verdict.verdict}"]}
    asked = {"filter": {"event": named, "resource": {"id": [f"journeyman.workload.{report.workload}"]}}}
    deadline = time.monotonic() + 60
    while not (events := httpx.post(f"{server}/events/filter", json=asked).json()["events"]):
        assert time.monotonic() < deadline  # the server writes them some seconds after it has them
        time.sleep(0.2)
    (event,) = events
    assert event["payload"]["version"] == "1"
    assert event["payload"]["verdict"] == json.loads(report.verdict.model_dump_json())

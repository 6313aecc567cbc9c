"""The plan of a real training: its endpoint is started and measured, and every number says how it is known."""

import json
from pathlib import Path

import numpy as np
import pytest

from components import catalogue
from components.config.settings import artifacts
from components.kinds.prepared import open_prepared
from components.plan.staleness import ENDS, ending, staleness
from tests.conftest import Project


def test_a_trained_model_is_planned_and_not_measured_twice(trained: Project) -> None:
    said = trained.run("taskset", "-c", "0", "python", "-m", "flows.plan", "digits", "--p99", "2s", "--requests", "2/s")
    folder = Path("state/plan/digits")
    assert "measuring the endpoint of artifacts/digits/bundle, a minute" in said
    assert f"the page: {folder}/index.html" in said
    made = json.loads((folder / "plan.json").read_text())
    (served,) = made["served"]  # no layer gained by int8: there is one graph
    figures = {figure["name"]: figure for figure in [*served["service"], *served["figures"], *made["training"]]}
    assert figures["replicas"]["value"] == 2
    assert 0 < figures["CPU an answer"]["low"] <= figures["CPU an answer"]["value"] < 0.1
    assert 2**24 < figures["memory of a replica"]["value"] < 2**31
    assert "10 lines" not in figures["CPU hours of one training"]["source"]
    assert figures["CPU hours of one training"]["known"] == "from the ledger"
    assert figures["CPU hours of one training"]["value"] > 0
    lists = [served["service"], served["figures"], *(made[name] for name in ("training", "beyond", "value"))]
    assert all(figure["source"] for figures in lists for figure in figures)
    assert "Both phases" in (folder / "plan.md").read_text()
    (kept,) = (folder / "measured").iterdir()
    asked = json.loads(kept.read_text())["levels"]
    assert {level["connections"] for level in asked} == {1, 2, 4, 8, 16, 32}
    assert all(level["requests"] >= level["turns"] > 0 for level in asked)

    fast = trained.fail("taskset", "-c", "0", "python", "-m", "flows.plan", "digits", "--p99", "10us")
    assert "measuring" not in fast
    assert fast.startswith("error: --p99 0.01ms: an answer of float32 alone takes ")
    assert len(fast.splitlines()) == 1


def test_older_data_are_trained_on_and_examined_on_the_same_days(payments: Project) -> None:
    data, section = open_prepared(artifacts("payments", "prepared")), catalogue.workload("payments")
    points = staleness("payments", section, data, Path("aged"))
    assert [round(point.days, 1) for point in points] == sorted({round(point.days, 1) for point in points})
    train_days = catalogue.overview("table").overview(data).train_days
    assert train_days
    assert (points[0].days, points[-1].days) == (0.0, pytest.approx(train_days / 2, rel=0.01))
    made = {path: path.stat().st_mtime_ns for path in Path("aged").rglob("*.json")}
    assert len(made) == ENDS
    assert staleness("payments", section, data, Path("aged")) == points
    assert {path: path.stat().st_mtime_ns for path in made} == made
    latest, oldest = ending(data, 0), ending(data, data.counts["train"] // 2)
    whole = np.asarray(data.labels("train"))
    half = len(whole) // 2
    assert np.array_equal(latest.labels("train"), whole[-half:])
    assert np.array_equal(oldest.labels("train"), whole[-2 * half : -half])
    assert np.array_equal(oldest.labels("test"), np.asarray(data.labels("validation")))


def test_pictures_have_no_days(trained: Project) -> None:
    said = trained.fail("python", "-m", "flows.plan", "digits", "--staleness")
    assert said.endswith("error: --staleness: the training split of digits is no span of time: leave it out\n")
    assert "measuring" not in said


def test_what_was_not_trained_is_not_planned(project: Project) -> None:
    said = project.fail("python", "-m", "flows.plan", "digits")
    assert said == "error: digits: nothing is trained that could be planned; python -m flows.train digits\n"

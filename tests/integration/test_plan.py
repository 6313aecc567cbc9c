"""The plan of a real training: its endpoint is started and measured, and every number says how it is known."""

import json
from pathlib import Path

from tests.conftest import Project


def test_a_trained_model_is_planned_and_not_measured_twice(trained: Project) -> None:
    said = trained.run("taskset", "-c", "0", "python", "-m", "flows.plan", "digits", "--p99", "2s", "--requests", "2/s")
    folder = Path("state/plan/digits")
    assert "measuring the endpoint of artifacts/digits/bundle, half a minute" in said
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


def test_what_was_not_trained_is_not_planned(project: Project) -> None:
    said = project.fail("python", "-m", "flows.plan", "digits")
    assert said == "error: digits: nothing is trained that could be planned; python -m flows.train digits\n"

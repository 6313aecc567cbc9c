"""The stage `evaluate` on a real training: what it says of the network and of its baseline."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from components import catalogue
from components.config.settings import artifacts
from components.inference.bundle import Bundle
from components.kinds.baseline import compare_with_baseline
from components.kinds.calibration import expected_calibration_error
from components.kinds.prepared import open_prepared
from components.registry.register import register
from components.tracking.runs import BEATS_BASELINE
from components.tracking.store import open_store
from components.training.served import bundle_path, made
from tests.conftest import Project, forget_runs

POOR = "epochs: 1, learning_rate: 0.000001"
SUMMARY = """
from components.kinds.prepared import open_prepared
from flows.overview import report_data
from flows.report import Report
from flows.summary import Evaluated, Training, training_facts
from flows.train import measured
from components.config.settings import artifacts
from components.training.served import read_served
from components.registry.gate import Verdict
from components.registry.promotion import Outcome
from components.registry.register import register
version, new = register("digits")
verdict = Verdict(workload="digits", challenger=version.number, champion=None, rules=(), passed=True, reason="")
evaluated = Evaluated(version, new, measured(version), read_served("digits"), verdict)
data = report_data(open_prepared(artifacts("digits", "prepared")), "digits")
decided = Outcome(version, True, "")
training = Training("digits", {"train": "Completed"}, data, evaluated, decided, "", [], "state/champions")
print(Report("digits", training_facts(training)))
"""


def metrics() -> dict[str, float]:
    return dict(json.loads((artifacts("digits", "report") / "metrics.json").read_text()))


def tag(run_id: str) -> str:
    return open_store("digits").client.get_run(run_id).data.tags[BEATS_BASELINE]


def test_the_baseline_is_measured_and_logged_beside_the_network(trained: Project) -> None:
    said = trained.run("python", "-m", "components.training.evaluate", "digits")
    found = metrics()
    line = next(line for line in said.splitlines() if line.startswith("evaluated digits"))
    assert f" accuracy {found['accuracy']:.4f}" in line
    assert f" baseline_accuracy {found['baseline_accuracy']:.4f}" in line
    beaten = compare_with_baseline(found, "accuracy").beaten
    assert ("does not beat its baseline" in said) != beaten
    version, _ = register("digits")
    run = open_store("digits").client.get_run(version.run_id)
    assert run.data.metrics["test_baseline_accuracy"] == found["baseline_accuracy"]
    assert tag(version.run_id) == str(beaten).lower()


def test_a_network_that_does_not_beat_its_baseline_is_reported(trained: Project) -> None:
    trained.params("epochs: 10", POOR)
    said = trained.run("dvc", "repro")
    found = metrics()
    assert found["accuracy"] < found["baseline_accuracy"]
    (warning,) = [line for line in said.splitlines() if "does not beat its baseline" in line]
    shares = f"NOT BEATEN: {found['baseline_accuracy']:.2%} against the model's {found['accuracy']:.2%}"
    assert warning == f"digits does not beat its baseline in accuracy: {shares}"
    assert shares in trained.run("python", "-c", SUMMARY, PYTHONPATH=".")
    assert tag(register("digits")[0].run_id) == "false"


def test_a_store_that_never_saw_the_run_is_told_of_the_baseline(trained: Project, mlflow_database: Path) -> None:
    forget_runs(trained, mlflow_database)
    version, _ = register("digits")
    assert tag(version.run_id) == str(compare_with_baseline(metrics(), "accuracy").beaten).lower()


@pytest.mark.parametrize(("fixture", "name"), [("trained", "digits"), ("payments", "payments")])
def test_the_temperature_is_in_the_graph_and_changes_no_answer(
    fixture: str, name: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(fixture)
    workload, data = catalogue.workload(name), open_prepared(artifacts(name, "prepared"))
    learner, codec = catalogue.learner(data.kind, data.task), catalogue.codec(data.kind, data.task)
    module = learner.module(data, workload.train)
    module.load_state_dict(load_file(artifacts(name, "weights") / "model.safetensors"))
    inputs = {split: np.array(data.inputs(split)) for split in ("validation", "test")}
    with torch.inference_mode():
        raw = {split: learner.raw(module, torch.from_numpy(examples)) for split, examples in inputs.items()}
    logits = raw["test"] if len(data.classes) > 2 else torch.cat([torch.zeros_like(raw["test"]), raw["test"]], dim=1)
    objective = learner.objective(data, workload.train)
    validated, plain = (objective.outputs(numbers).numpy() for numbers in raw.values())
    costs = learner.costs(data, "validation")
    decision = objective.decision(validated, np.asarray(data.labels("validation")), costs)
    for precision in made(name):
        bundle = Bundle(bundle_path(name, precision))
        assert bundle.about.temperature not in (0.0, 1.0)
        told = (logits / bundle.about.temperature).softmax(dim=1).numpy()
        found = bundle.outputs(inputs["test"])
        assert found == pytest.approx(told, abs=1e-4)
        decided = codec.decide(found, bundle.about.decision)
        assert (decided == codec.decide(plain, decision)).all()
        assert 0 < (decided == data.labels("test")).mean() < 1
    report = json.loads((artifacts(name, "report") / "metrics.json").read_text())
    error = expected_calibration_error(found, np.asarray(data.labels("test")))
    assert report["expected_calibration_error"] == pytest.approx(error, abs=1e-6)
    assert 0 < report["brier_score"] < 1

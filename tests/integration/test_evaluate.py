"""The stage `evaluate` on a real training: what it says of the network and of its baseline."""

import json
import sys

from components.config.settings import artifacts
from components.kinds.baseline import compare
from components.registry.register import register
from components.tracking.runs import BEATS_BASELINE
from components.tracking.store import open_store
from tests.conftest import Project

POOR = "epochs: 1, learning_rate: 0.000001"
SUMMARY = """
from flows.summary import Summary
from flows.train import measured
from components.inference.served import read_served
from components.registry.promotion import Outcome
from components.registry.register import register
version, new = register("digits")
decided, served = Outcome(version, True, ""), read_served("digits")
stages = {"train": "Completed"}
print(Summary("digits", stages, version, new, measured(version), served, decided, "", [], "state/champions"))
"""


def metrics() -> dict[str, float]:
    return dict(json.loads((artifacts("digits", "report") / "metrics.json").read_text()))


def tag(run_id: str) -> str:
    return open_store("digits").client.get_run(run_id).data.tags[BEATS_BASELINE]


def test_the_baseline_is_measured_and_logged_beside_the_network(trained: Project) -> None:
    said = trained.run(sys.executable, "-m", "components.training.evaluate", "digits")
    found = metrics()
    line = next(line for line in said.splitlines() if line.startswith("evaluated digits"))
    assert f" accuracy {found['accuracy']:.4f}" in line
    assert f" baseline_accuracy {found['baseline_accuracy']:.4f}" in line
    beaten = compare(found, "accuracy").beaten
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
    assert shares in trained.run(sys.executable, "-c", SUMMARY, PYTHONPATH=".")
    assert tag(register("digits")[0].run_id) == "false"


def test_a_store_that_never_saw_the_run_is_told_of_the_baseline(trained: Project) -> None:
    trained.run(sys.executable, "-c", "import shutil; shutil.rmtree('state/mlflow')")
    version, _ = register("digits")
    assert tag(version.run_id) == str(compare(metrics(), "accuracy").beaten).lower()

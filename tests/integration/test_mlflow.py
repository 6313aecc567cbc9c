import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest
import yaml
from mlflow import MlflowClient

from components.config.errors import RegistryError
from components.config.settings import artifacts, tracking_uri
from components.inference.bundle import bundle_hash
from components.registry.card import keep_card
from components.registry.promotion import champion
from components.registry.register import register
from components.tracking.store import open_store
from tests.conftest import Project
from tests.registering import promoted, registered

TRAIN = ("-m", "components.training.train", "digits")


def test_a_run_holds_parameters_curves_data_and_figures(trained: Project) -> None:
    store = open_store("digits")
    (run,) = store.client.search_runs([store.experiment])
    assert run.info.status == "FINISHED"
    assert run.data.params["epochs"] == "10"
    assert run.data.params["kind"] == "image"
    assert run.data.params["used.precision"] in ("32-true", "bf16-mixed")
    assert len(store.client.get_metric_history(run.info.run_id, "validation_accuracy")) == 10
    assert run.data.metrics["test_accuracy"] > 0.8
    (data,) = run.inputs.dataset_inputs
    lock = yaml.safe_load(Path("dvc.lock").read_text())["stages"]["prepare@digits"]
    assert data.dataset.digest == lock["outs"][0]["md5"]
    assert run.info.run_name == f"digits quick {data.dataset.digest[:7]}"
    figures = {item.path for item in store.client.list_artifacts(run.info.run_id, "report/figures")}
    assert figures == {
        f"report/figures/{name}.png" for name in ("calibration", "confusion", "samples", "worst_mistakes")
    }


def test_registering_is_idempotent_and_the_first_is_champion(trained: Project) -> None:
    first, new = register("digits")
    again, new_again = register("digits")
    assert (first, new, new_again) == (again, True, False)
    assert promoted(first).promoted
    assert not promoted(again).promoted
    assert champion("digits") == first
    assert bundle_hash(first.bundle()) == bundle_hash(artifacts("digits", "bundle"))
    client = MlflowClient(tracking_uri())
    (model,) = client.search_logged_models([open_store("digits").experiment])
    (data,) = client.get_run(first.run_id).inputs.dataset_inputs
    assert {(one.dataset_name, one.dataset_digest) for one in model.metrics} == {("digits", data.dataset.digest)}
    assert {one.key: one.value for one in model.metrics}["test_accuracy"] == first.value
    tags = client.get_model_version("digits", first.number).tags
    assert {"journeyman.git.commit", "journeyman.dvc.prepared", "journeyman.dvc.raw"} <= set(tags)


def test_a_challenger_must_be_better(trained: Project) -> None:
    good, _ = register("digits")
    promoted(good)
    trained.params("epochs: 10", "epochs: 1")
    trained.run("dvc", "repro")
    worse, new = register("digits")
    assert new
    assert worse.value < good.value
    outcome = promoted(worse)
    assert not outcome.promoted
    assert f"version {good.number} stays" in outcome.reason
    assert champion("digits") == good


def test_a_better_challenger_replaces_the_champion(trained: Project) -> None:
    trained.params("epochs: 10", "epochs: 1")
    trained.run("dvc", "repro")
    poor, _ = register("digits")
    promoted(poor)
    trained.params("epochs: 1", "epochs: 10")
    trained.run("dvc", "repro")
    better, _ = register("digits")
    assert promoted(better).promoted
    assert champion("digits") == better
    client = MlflowClient(tracking_uri())
    client.set_registered_model_alias("digits", "champion", poor.number)  # by hand
    outcome = promoted(better)
    assert (outcome.champion, outcome.promoted) == (poor, False)
    assert outcome.reason == f"version {poor.number} stays, version {better.number} was taken back"
    client.set_registered_model_alias("digits", "champion", better.number)
    assert promoted(better).champion == better


def test_the_champion_predicts_from_raw_pictures_without_torch(trained: Project, digits: Path, tmp_path: Path) -> None:
    registered("digits")
    script = """
import sys
for absent in ("torch", "lightning", "torchmetrics", "dvc", "prefect", "bentoml"):
    sys.modules[absent] = None
from pathlib import Path
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model("models:/digits@champion")
files = sorted(Path(sys.argv[1]).rglob("*.png"))[::12]
answers = model.predict(pd.DataFrame({"picture": [file.read_bytes() for file in files]}))
right = (answers["label"] == [file.parent.name for file in files]).mean()
assert answers["probabilities"].map(len).eq(10).all() and answers["probability"].between(0, 1).all()
assert not Path("components").exists()
print("right", right)
"""
    elsewhere = Project(tmp_path)
    output = elsewhere.run(sys.executable, "-c", script, str(digits), MLFLOW_TRACKING_URI=tracking_uri())
    assert float(output.split()[-1]) > 0.8


def test_the_logged_model_has_signature_and_input_example(trained: Project) -> None:
    version, _ = register("digits")
    mlflow.set_tracking_uri(tracking_uri())
    info = mlflow.models.get_model_info(f"models:/digits/{version.number}")
    assert info.signature.inputs.to_dict()[0]["name"] == "picture"
    assert info.saved_input_example_info is not None


def test_a_killed_training_does_not_stay_running(trained: Project) -> None:
    trained.params("epochs: 10", "epochs: 2000")
    store = open_store("digits")
    with _training(trained) as process:
        _wait_for_a_running_run(store.client, store.experiment)
        process.kill()
    trained.params("epochs: 2000", "epochs: 10")
    trained.run("python", *TRAIN)
    statuses = [run.info.status for run in store.client.search_runs([store.experiment])]
    assert sorted(statuses) == ["FINISHED", "FINISHED", "KILLED"]


def test_a_terminated_training_says_so_and_was_watched(trained: Project) -> None:
    trained.params("epochs: 10", "epochs: 2000")
    store = open_store("digits")
    with _training(trained) as process:
        _wait_for_a_running_run(store.client, store.experiment)
        _wait_for_a_running_run(store.client, store.experiment, "system/cpu_utilization_percentage")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) != 0
    statuses = [run.info.status for run in store.client.search_runs([store.experiment])]
    assert sorted(statuses) == ["FINISHED", "KILLED"]


def test_a_store_that_never_saw_the_run_is_told(trained: Project) -> None:
    shutil.rmtree("state")
    version, new = register("digits")
    assert new
    run = MlflowClient(tracking_uri()).get_run(version.run_id)
    record = json.loads((artifacts("digits", "weights") / "run.json").read_text())
    assert run.data.tags["journeyman.restored_from"] == record["run_id"]
    assert run.info.run_name == record["name"]
    keep_card(version)
    described = MlflowClient(tracking_uri()).get_run(version.run_id).data.tags["mlflow.note.content"]
    assert described.startswith("**digits 1: not judged**")
    assert described.endswith("\n\nRestored from DVC's cache: this store never saw it run.")
    assert run.data.params["epochs"] == "10"
    assert run.data.metrics["test_accuracy"] == version.value
    assert register("digits") == (version, False)


def test_lost_artifacts_are_one_clear_error(trained: Project) -> None:
    shutil.rmtree("state")  # so that the artifacts lie below this copy
    version, _ = register("digits")
    shutil.rmtree("state/mlflow/artifacts/models")
    with pytest.raises(RegistryError, match="models:/digits/1: its bundle"):
        version.bundle()


@contextmanager
def _training(project: Project) -> Iterator[subprocess.Popen[bytes]]:
    """Train; nothing of it is left."""
    process = subprocess.Popen(
        [sys.executable, *TRAIN], env=project.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _wait_for_a_running_run(client: MlflowClient, experiment: str, metric: str = "train_loss") -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        running = client.search_runs([experiment], "attributes.status = 'RUNNING'")
        if running and metric in running[0].data.metrics:
            return
        time.sleep(0.2)
    raise AssertionError(f"no run logged {metric}")

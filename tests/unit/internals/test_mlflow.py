"""The names of MLflow that `components/internals/mlflow.py` uses are in the pinned version, and mean what they did."""

import json
import shutil
import time
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from inspect import signature
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

LOST = f"MLflow {version('mlflow')} has no {{}} any more: mend components/internals/mlflow.py"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a store of files, which is there at once."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    uri = (tmp_path / "store").as_uri()
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(uri)
    yield uri
    mlflow.set_tracking_uri(before)


@pytest.mark.parametrize(
    "name",
    [
        "mlflow.store.artifact.artifact_repository_registry.get_artifact_repository",
        "mlflow.store.artifact.local_artifact_repo.LocalArtifactRepository",
        "mlflow.system_metrics.system_metrics_monitor.SystemMetricsMonitor",
        "mlflow.utils.mlflow_tags.MLFLOW_DATASET_CONTEXT",
    ],
)
def test_the_names_are_there(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    assert hasattr(import_module(module), attribute), LOST.format(name)


def test_the_monitor_goes_on_where_it_was() -> None:
    monitor = import_module("mlflow.system_metrics.system_metrics_monitor").SystemMetricsMonitor
    for name in ("sampling_interval", "resume_logging", "tracking_uri"):
        assert name in signature(monitor).parameters, LOST.format(f"SystemMetricsMonitor({name}=...)")
    for name in ("start", "finish"):
        assert hasattr(monitor, name), LOST.format(f"SystemMetricsMonitor.{name}")


def test_the_load_is_logged_while_the_block_runs(mlflow_database: Path, tmp_path: Path) -> None:
    store = f"sqlite:///{shutil.copy(mlflow_database, tmp_path)}"  # a store of files is half written when it is read
    client = MlflowClient(store)
    run = client.create_run(client.create_experiment("cups")).info.run_id
    with import_module("components.internals.mlflow").system_metrics(run, 0.01, store):
        deadline = time.monotonic() + 60
        while not client.get_run(run).data.metrics:
            assert time.monotonic() < deadline, LOST.format("SystemMetricsMonitor, which logs")
            time.sleep(0.02)
    assert "system/cpu_utilization_percentage" in client.get_run(run).data.metrics


def test_it_is_known_whether_artifacts_are_files_of_this_machine(store: str, tmp_path: Path) -> None:
    is_local = import_module("components.internals.mlflow").is_local
    client = MlflowClient(store)
    client.create_registered_model("cups")
    for source in ((tmp_path / "model").as_uri(), "https://host/model"):
        client.create_model_version("cups", source)
    found = [is_local("models:/cups/1"), is_local("models:/cups/2")]
    assert found == [True, False], LOST.format("repo of a ModelsArtifactRepository")


@pytest.mark.filterwarnings("ignore:The specified dataset source")  # it knows two classes for a folder
def test_a_data_set_is_written_as_mlflow_writes_it(tmp_path: Path) -> None:
    ours = import_module("components.internals.mlflow").dataset_input(
        "cups", "ab" * 20, str(tmp_path), "uint8", (8, 8), {"num_rows": 3}
    )
    theirs = mlflow.data.from_numpy(np.zeros((3, 8, 8), np.uint8), str(tmp_path)).to_dict()
    assert json.loads(ours.dataset.schema) == json.loads(theirs["schema"]), LOST.format(
        "mlflow_tensorspec of this form"
    )
    assert ours.dataset.source_type == theirs["source_type"]
    assert json.loads(ours.dataset.source)["uri"] == json.loads(theirs["source"])["uri"]
    tag = import_module("mlflow.utils.mlflow_tags").MLFLOW_DATASET_CONTEXT
    assert [(tag.key, tag.value) for tag in ours.tags] == [(tag, "training")], LOST.format("such a tag")


@pytest.mark.slow
def test_no_longer_digest_fits() -> None:
    limit = import_module("mlflow.store.tracking.dbmodels.models").SqlDataset.__table__.c.digest.type.length
    assert limit == import_module("components.internals.mlflow").LONGEST_DIGEST

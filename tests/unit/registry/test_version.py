"""What a version keeps: not there is one thing, not to be fetched another."""

import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient

from components.config.errors import RegistryError
from components.registry.version import Version

NOBODY = "http://127.0.0.1:9/api/2.0/mlflow-artifacts/artifacts/cups"
"""Where no server answers."""


@pytest.fixture
def client(mlflow_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{shutil.copy(mlflow_database, tmp_path)}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")


def version(run_id: str) -> Version:
    return Version("cups", "1", "accuracy", 0.9, "0" * 64, run_id)


def test_what_is_there_is_read_and_what_is_not_is_none(client: MlflowClient, tmp_path: Path) -> None:
    experiment = client.create_experiment("cups", artifact_location=(tmp_path / "kept").as_uri())
    run = client.create_run(experiment).info.run_id
    client.log_text(run, "sharp", "report/word.txt")
    assert version(run).stored_by_run("report/word.txt", Path.read_text) == "sharp"
    assert version(run).stored_by_run("report/other.txt", Path.read_text) is None
    assert version(run).stored_by_run("word.txt", Path.read_text) is None
    assert version("0" * 32).stored_by_run("report/word.txt", Path.read_text) is None
    assert version(run).card() is None, "there is no such version"


def test_a_store_that_does_not_answer_has_not_said_that_there_is_nothing(client: MlflowClient) -> None:
    run = client.create_run(client.create_experiment("cups", artifact_location=NOBODY)).info.run_id
    with pytest.raises(RegistryError, match=rf"runs:/{run}/report/word\.txt: cannot be fetched .* nothing was put in"):
        version(run).stored_by_run("report/word.txt", Path.read_text)

"""What a run makes has the names it had: files under `artifacts/`, what they say, and what the MLflow run holds."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.conftest import Project
from tests.public_names import differences


@pytest.mark.parametrize(("fixture", "workload"), [("trained_once", "digits"), ("payments_once", "payments")])
def test_what_a_run_makes_keeps_its_names(fixture: str, workload: str, request: pytest.FixtureRequest) -> None:
    project: Project = request.getfixturevalue(fixture)
    folder = project.path / "artifacts" / workload
    kind = json.loads((folder / "prepared" / "prepared.json").read_text())["kind"]
    said = differences(f"made of {kind}", {*files(folder), *told(folder), *of_the_run(project, folder)})
    assert not said, said


def files(folder: Path) -> Iterator[str]:
    yield from (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def told(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.json"):
        content = json.loads(path.read_text())
        if isinstance(content, dict):
            yield from (f"{path.relative_to(folder)}:{key}" for key in content)


def of_the_run(project: Project, folder: Path) -> Iterator[str]:
    client = MlflowClient(f"sqlite:///{project.path}/state/mlflow/mlflow.db")
    run = client.get_run(json.loads((folder / "weights" / "run.json").read_text())["run_id"])
    for what, names in (("tag", run.data.tags), ("metric", run.data.metrics), ("param", run.data.params)):
        yield from (f"{what}:{name}" for name in names if not name.startswith(("mlflow.", "system/")))

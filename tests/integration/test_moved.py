"""The project's folder is renamed, moved or copied: what was registered is found, and the original is left alone."""

import hashlib
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.conftest import WARM, Project

REGISTER = "from tests.registering import registered; print(registered('digits').champion.number)"
ANSWER = """
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model("models:/digits@champion")
print(model.predict(pd.DataFrame({"picture": [open("docs/ankle-boot.png", "rb").read()]}))["label"][0])
"""
LOG = """
from components.tracking.store import open_store
store = open_store("digits")
run = store.client.create_run(store.experiment)
store.client.log_text(run.info.run_id, "a text", "a.txt")
print(run.info.artifact_uri)
"""
DEPLOYMENT = "CREATE TABLE deployment (path VARCHAR, pull_steps JSON)"


def test_a_moved_project_and_a_copy_of_it_go_on(trained: Project, tmp_path: Path) -> None:
    trained.run("python", "-c", REGISTER, PYTHONPATH=".")
    first = trained.path
    moved = Project(tmp_path / "moved to" / "garments und mehr")
    moved.path.parent.mkdir()
    first.rename(moved.path)
    _deploy(moved, first)

    shell = f"set -e; . ./env.sh; python -c '{ANSWER}'; pwd"
    (moved.path / ".venv").symlink_to(os.environ[WARM])
    said = moved.run("sh", "-c", shell)
    line = f"this folder was {first}: MLflow's addresses under state/ now lead to {moved.path}\n"
    assert said.count(line) == 1
    assert "digit-" in said
    assert line not in moved.run("sh", "-c", shell)  # once
    assert _deployment(moved) == [(None, f'[{{"directory": "{moved.path}"}}]')]
    assert "at work: version 1" in moved.run("python", "-m", "flows.history", "digits")
    assert not first.exists()

    copy = Project(Path(shutil.copytree(moved.path, tmp_path / "copy", symlinks=True)))
    before = _contents(moved.path / "state")
    told = copy.run("sh", "-c", f". ./env.sh; cd {copy.path}; python -c '{LOG}'")
    assert f"file://{copy.path}/state/mlflow/artifacts/" in told
    in_the_first = f"cd '{moved.path}'; . ./env.sh; cd {copy.path}; . ./env.sh; python -c '{LOG}'"
    assert f"file://{copy.path}/" in copy.run("sh", "-c", in_the_first)
    assert _contents(moved.path / "state") == before


def _deploy(project: Project, folder: Path) -> None:
    """Write what `prefect deploy` leaves, into a database that has nothing else."""
    path = project.path / "state" / "prefect" / "prefect.db"
    path.unlink()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(DEPLOYMENT)
        database.execute("INSERT INTO deployment VALUES (NULL, ?)", (f'[{{"directory": "{folder}"}}]',))


def _deployment(project: Project) -> list[tuple[str | None, str]]:
    with closing(sqlite3.connect(project.path / "state" / "prefect" / "prefect.db")) as database:
        return database.execute("SELECT path, pull_steps FROM deployment").fetchall()


def _contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }

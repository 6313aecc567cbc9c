"""`python -m flows.check --settings`: every server that a setting names, real ones, reached or told in one line."""

import os
import socket
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from components.inference.champion.position import Position
from components.inference.champion.published import publish
from tests.conftest import Project
from tests.machines.conftest import Postgres, Store
from tests.unit.inference.champion.test_published import a_bundle

CHECK = (sys.executable, "-m", "flows.check", "--settings")


def team(project: Project, **variables: str) -> None:
    lines = [f'{name} = "{value}"' for name, value in variables.items()]
    (project.path / "journeyman.toml").write_text("\n".join(["[environment]", *lines]))


def said(project: Project, fails: bool, **variables: str) -> dict[str, str]:
    """Return what is said of each setting, by its name, after its address."""
    answers = {"JOURNEYMAN_SERVER_TIMEOUT": "60", **variables}
    output = (project.fail if fails else project.run)(*CHECK, **answers)
    lines = [line.split(maxsplit=2) for line in output.splitlines() if line.startswith(("MLFLOW_", "JOURN", "PREF"))]
    assert all("Traceback" not in line for line in output.splitlines()), output
    return {line[0]: line[2] for line in lines}


@pytest.fixture
def shared(postgres: Postgres, s3: Store, bucket: str) -> dict[str, str]:
    return {
        "MLFLOW_TRACKING_URI": postgres.database(),
        "JOURNEYMAN_ARTIFACTS": f"s3://{bucket}/mlflow",
        "JOURNEYMAN_CHAMPIONS": f"s3://{bucket}/champions",
        "JOURNEYMAN_MEMORY": postgres.database(),
        "JOURNEYMAN_STUDIES": postgres.database(),
        "AWS_ENDPOINT_URL": s3.url,
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def test_what_a_team_shares_is_reached(project: Project, shared: dict[str, str], prefect_url: str) -> None:
    team(project, **shared, PREFECT_API_URL=prefect_url)
    found = said(project, fails=False)
    reached = {name for name, told in found.items() if told == "reached"}
    assert reached == {*shared, "PREFECT_API_URL"} - {"AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION"}
    assert "secret" not in " ".join(found.values())


def test_what_cannot_be_used_is_told_in_one_line_each(project: Project, shared: dict[str, str], bucket: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = f"127.0.0.1:{server.getsockname()[1]}"
    old = sa.create_engine(shared["MLFLOW_TRACKING_URI"], poolclass=sa.NullPool)
    with old.begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('451aebb31d03')"))
    team(
        project,
        **{
            **shared,
            "JOURNEYMAN_ARTIFACTS": "s3://nowhere-at-all/mlflow",
            "JOURNEYMAN_MEMORY": f"postgresql+pg8000://m:secret@{nobody}/m",
            "JOURNEYMAN_STUDIES": "postgresql://m:secret@127.0.0.1/m",
            "PREFECT_API_URL": f"http://{nobody}/api",
        },
    )
    found = said(project, fails=True)
    assert "not: the tables of" in found["MLFLOW_TRACKING_URI"]
    assert "schema 451aebb31d03" in found["MLFLOW_TRACKING_URI"]
    assert "mlflow db upgrade" in found["MLFLOW_TRACKING_URI"]
    assert found["JOURNEYMAN_ARTIFACTS"] == "not: has no such bucket: make it, or mend the address"
    assert found["JOURNEYMAN_MEMORY"].startswith("not: does not answer: nothing listens there")
    assert found["PREFECT_API_URL"].startswith("not: does not answer: nothing listens there")
    assert found["JOURNEYMAN_STUDIES"].startswith("not: needs the package psycopg2; write postgresql+pg8000://")
    assert found["JOURNEYMAN_CHAMPIONS"].startswith("not: MLFLOW_TRACKING_URI: the tables") or (
        found["JOURNEYMAN_CHAMPIONS"] == "reached"
    )


def test_a_database_without_a_place_for_artifacts_is_told(project: Project, shared: dict[str, str]) -> None:
    del shared["JOURNEYMAN_ARTIFACTS"]
    team(project, **shared)
    output = project.fail(*CHECK)
    assert "JOURNEYMAN_ARTIFACTS  not set" in output
    assert "say where they go, as s3://bucket/mlflow" in output


def test_two_teams_under_one_prefix_are_told(project: Project, shared: dict[str, str], tmp_path: Path) -> None:
    team(project, **shared)
    bundle = a_bundle(tmp_path / "bundle", b"one", workload="digits")
    publish(bundle, "digits", "1", shared["JOURNEYMAN_CHAMPIONS"], Position(3, "f" * 32))
    told = said(project, fails=True)["JOURNEYMAN_CHAMPIONS"]
    assert "follows another registry (its history is ffffffff, this one's has not begun); publish under another" in told


def test_a_machine_without_a_team_imports_nothing_of_it(project: Project) -> None:
    """The packages are there; no setting names a server that needs one."""
    script = """
import runpy, sys
sys.argv = ["check", "--settings"]
try:
    runpy.run_module("flows.check", run_name="__main__")
except SystemExit as ended:
    assert not ended.code, ended.code
print(sorted({"boto3", "s3fs", "aiobotocore", "botocore", "dvc_s3", "moto", "pg8000"} & set(sys.modules)))
"""
    assert project.run(sys.executable, "-c", script, PYTHONPATH=os.curdir).splitlines()[-1] == "[]"

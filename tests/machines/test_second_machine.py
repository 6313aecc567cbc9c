"""A second machine, a clone elsewhere that knows the addresses alone: it rebuilds, rolls back and serves."""

import shutil
import sys
from pathlib import Path

import httpx
import pytest

from components.inference.champion.published import read_pointer
from components.system.address import Address
from tests.conftest import Project, commit
from tests.integration.test_bento import _picture, serving
from tests.machines.conftest import Postgres, Store
from tests.machines.test_settings import team

FLOW = (sys.executable, "-m")


@pytest.fixture
def shared(postgres: Postgres, s3: Store, bucket: str, prefect_url: str) -> dict[str, str]:
    return {
        "MLFLOW_TRACKING_URI": postgres.database(),
        "JOURNEYMAN_ARTIFACTS": f"s3://{bucket}/mlflow",
        "JOURNEYMAN_CHAMPIONS": f"s3://{bucket}/champions",
        "PREFECT_API_URL": prefect_url,
        "AWS_ENDPOINT_URL": s3.url,
    }


@pytest.fixture
def first(trained: Project, shared: dict[str, str], bucket: str, tmp_path: Path) -> Project:
    """The machine that has made two versions, the second of them at work, and pushed code and data."""
    team(trained, **shared)
    trained.run("dvc", "remote", "add", "--default", "team", f"s3://{bucket}/dvc")
    commit(trained, "the team's servers")
    trained.run("git", "init", "-q", "--bare", str(tmp_path / "origin"))
    trained.run("git", "remote", "add", "origin", str(tmp_path / "origin"))
    trained.run("git", "push", "-q", "origin", "HEAD")
    trained.run(*FLOW, "flows.train", "digits")
    trained.params("epochs: 10,", "epochs: 12,")
    trained.run(*FLOW, "flows.train", "digits")
    if champion(shared) != "2":
        trained.run(*FLOW, "flows.promote", "digits", "2", "--reason", "whatever the gate says")
    trained.run("dvc", "push", "-q")
    return trained


@pytest.mark.timeout(1_800)
def test_it_rebuilds_rolls_back_and_serves(first: Project, shared: dict[str, str], tmp_path: Path) -> None:
    second = Project(tmp_path / "elsewhere" / "under another name")
    first.run("git", "clone", "-q", str(tmp_path / "origin"), str(second.path))
    shutil.rmtree(first.path)
    assert champion(shared) == "2"
    for version in ("1", "2"):
        assert "identical" in second.run(*FLOW, "flows.rebuild", "digits", version)
    second.run(*FLOW, "flows.rollback", "digits", "--reason", "seen on the second machine")
    assert champion(shared) == "1"
    with serving(second, "digits:latest", cwd=tmp_path, variables=shared) as url:
        answer = httpx.post(f"{url}/predict", files={"picture": _picture()})
    assert answer.json()["model_version"] == "1"


def champion(shared: dict[str, str]) -> str:
    """Return which version endpoints follow."""
    pointer = read_pointer(Address(shared["JOURNEYMAN_CHAMPIONS"]), "digits")
    assert pointer
    return pointer.version

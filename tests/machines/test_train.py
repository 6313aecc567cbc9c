"""Two clones of a project on one PostgreSQL and one bucket: a full `flows.train` in each, at once."""

import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from components.inference.champion.published import read_pointer
from components.system.address import Address
from tests.conftest import Project, copy_of
from tests.machines.conftest import Postgres, Store
from tests.machines.test_settings import team

VERSIONS = "SELECT version FROM model_versions WHERE current_stage <> 'Deleted_Internal'"
ENTRIES = "SELECT key FROM params WHERE key LIKE '0%' ORDER BY key"
TRAIN = (sys.executable, "-m", "flows.train", "digits")


@pytest.mark.timeout(1_200)  # MLflow makes its tables, and two endpoints are asked
def test_two_clones_make_one_version_and_one_entry(
    trained: Project, postgres: Postgres, s3: Store, bucket: str, prefect_url: str, tmp_path: Path
) -> None:
    shared = {
        "MLFLOW_TRACKING_URI": postgres.database(),
        "JOURNEYMAN_ARTIFACTS": f"s3://{bucket}/mlflow",
        "JOURNEYMAN_CHAMPIONS": f"s3://{bucket}/champions",
        "PREFECT_API_URL": prefect_url,
        "AWS_ENDPOINT_URL": s3.url,
    }
    clones = [trained, copy_of(trained, tmp_path / "another")]
    for clone in clones:
        team(clone, **shared)
    clones[0].run(
        sys.executable, "-c", "from components.tracking.store import open_client; open_client()", PYTHONPATH="."
    )
    with ExitStack() as stack:
        running = [stack.enter_context(clone.started(*TRAIN)) for clone in clones]
        said = [process.communicate(timeout=900)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0], "\n".join(said)
    engine = sa.create_engine(shared["MLFLOW_TRACKING_URI"], poolclass=sa.NullPool)
    with engine.connect() as connection:
        versions = connection.execute(sa.text(VERSIONS)).scalars().all()
        entries = connection.execute(sa.text(ENTRIES)).scalars().all()
    assert versions == [1]
    assert entries == ["000001", "000001.moved", "000001.published"]
    pointer = read_pointer(Address(shared["JOURNEYMAN_CHAMPIONS"]), "digits")
    assert pointer
    assert pointer.position
    assert (pointer.version, pointer.position.number) == ("1", 1)
    assert not (clones[0].path / "mlruns").exists()
    assert not (clones[0].path / "state" / "champions").exists()

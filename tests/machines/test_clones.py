"""Clones of a project on one PostgreSQL and one bucket: full `flows.train` at once, one killed at every step."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from components.inference.champion.published import read_pointer
from components.registry.promotion.history import Entry
from components.registry.version import BUNDLE_HASH
from components.system.address import Address
from tests.conftest import Project, commit
from tests.integration.test_bento import _picture, serving
from tests.machines.conftest import Postgres, Store
from tests.machines.test_settings import team

CLONES = int(os.environ.get("JOURNEYMAN_TEST_CLONES", "3"))
"""Of which the last is the one that is killed."""
STEPS = os.environ.get(
    "JOURNEYMAN_TEST_STEPS",
    "describe_data training register_version judge_version note_cost describe_version promote_version package_champion "
    "ask_endpoint publish_champion tell_of_canary tell_of_shadow",
).split()
"""Before which it is killed; `training`: in the midst of the stage."""
OVERTAKEN = ("is champion already", "there is no former champion to go back to")
"""What a clone is told whose version another one has put to work, or has taken back before it."""
KILLED = """
import os, signal, sys, threading, time
from pathlib import Path
from flows import console, train
step, sys.argv = sys.argv[1], ["train", "digits"]

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def kill_in_training():
    while not list(Path("state/checkpoints/digits").glob("*/run.json")):
        time.sleep(0.01)
    kill()

if step == "training":
    threading.Thread(target=kill_in_training, daemon=True).start()
else:
    setattr(train, step, kill)
console.run(train.train, check=train.check)
"""
"""A full `flows.train` that is killed before a step of the flow, or in the midst of the stage that trains."""


@dataclass(frozen=True)
class Registry:
    """What the database has of the digits."""

    engine: sa.Engine

    def __call__(self, query: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(query)).scalars())

    @property
    def entries(self) -> list[Entry]:
        said = self("SELECT value FROM params WHERE key ~ '^[0-9]{6}$' ORDER BY key")
        return [Entry.model_validate_json(entry) for entry in said]

    @property
    def versions(self) -> list[int]:
        query = "SELECT version FROM model_versions WHERE current_stage <> 'Deleted_Internal' ORDER BY version"
        return self(query)

    @property
    def hashes(self) -> list[str]:
        return self(f"SELECT value FROM model_version_tags WHERE key = '{BUNDLE_HASH}'")

    @property
    def champion(self) -> list[int]:
        return self("SELECT version FROM registered_model_aliases WHERE alias = 'champion'")


@pytest.fixture
def registry(postgres: Postgres) -> Iterator[Registry]:
    engine = sa.create_engine(postgres.database(), poolclass=sa.NullPool)
    yield Registry(engine)
    engine.dispose()


@pytest.fixture
def clones(
    trained: Project, registry: Registry, s3: Store, bucket: str, prefect_url: str, tmp_path: Path
) -> list[Project]:
    """Clones by git, whose data come from the team's bucket; each has a seed of its own, so each makes versions."""
    shared = {
        "MLFLOW_TRACKING_URI": registry.engine.url.render_as_string(hide_password=False),
        "JOURNEYMAN_ARTIFACTS": f"s3://{bucket}/mlflow",
        "JOURNEYMAN_CHAMPIONS": f"s3://{bucket}/champions",
        "PREFECT_API_URL": prefect_url,
        "AWS_ENDPOINT_URL": s3.url,
    }
    team(trained, **shared)
    trained.run("dvc", "remote", "add", "--default", "team", f"s3://{bucket}/dvc")
    trained.run("dvc", "push", "--quiet")
    commit(trained, "the team's servers")
    made = [Project(tmp_path / f"clone {place}" / "journeyman") for place in range(CLONES)]
    for place, clone in enumerate(made):
        trained.run("git", "clone", "--quiet", str(trained.path), str(clone.path))
        clone.run("dvc", "pull", "--quiet")
        seeded(clone, place)
    made[0].run(
        sys.executable, "-c", "from components.tracking.store import open_client; open_client()", PYTHONPATH="."
    )
    return made


def seeded(clone: Project, seed: int) -> None:
    """Have the clone train another network than the others."""
    clone.params("train: {epochs: 10,", f"train: {{seed: {seed}, epochs: 10,")


def run(clone: Project, *command: str) -> tuple[int, str]:
    """Run a command in the clone as a user does, and return how it ended and what it said."""
    done = subprocess.run(
        [sys.executable, *command], cwd=clone.path, env=clone.environment(), capture_output=True, text=True, timeout=900
    )
    return done.returncode, done.stdout + done.stderr


def trained_and_back(clone: Project, registry: Registry) -> list[tuple[int, str]]:
    """Train, change the training, train again, put another version to work, and roll back what is at work then."""
    first = run(clone, "-m", "flows.train", "digits")
    clone.params("epochs: 10,", "epochs: 12,")
    second = run(clone, "-m", "flows.train", "digits")
    other = max(set(registry.versions) - set(registry.champion))
    preferred = run(clone, "-m", "flows.promote", "digits", str(other), "--reason", "whatever the gate says")
    return [first, second, preferred, run(clone, "-m", "flows.rollback", "digits", "--reason", "to see another")]


def killed_at_each_step(clone: Project) -> list[tuple[int, str]]:
    """Have each flow go on from where the one before was killed; one step is taken of new versions alone."""
    ended = []
    for step in STEPS:
        if step == "note_cost":
            clone.params("epochs: 10,", "epochs: 12,")
        ended.append(run(clone, "-c", KILLED, step))
    return ended


@pytest.mark.timeout(3_600)
def test_ledger_alias_pointer_and_answers_agree(
    clones: list[Project], registry: Registry, bucket: str, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(CLONES) as pool:
        killed = pool.submit(killed_at_each_step, clones[-1])
        whole = [pool.submit(trained_and_back, clone, registry) for clone in clones[:-1]]
        assert [status for status, _ in killed.result()] == [-signal.SIGKILL] * len(STEPS), killed.result()[-1]
        for clone in whole:
            failed = [output for status, output in clone.result() if status]
            assert all(output.splitlines()[-1].endswith(OVERTAKEN) for output in failed), failed
    for clone in (clones[-1], clones[0]):
        status, output = run(clone, "-m", "flows.train", "digits")
        assert status == 0, output

    assert registry.versions == list(range(1, len(registry.versions) + 1))
    assert len(registry.versions) == 2 * CLONES - ("judge_version" not in STEPS)  # each clone has two recipes
    assert len(set(registry.hashes)) == len(registry.hashes) == len(registry.versions)
    entries = registry.entries
    said = [re.sub("[^a-z]", "", clone.result()[-1][1]) for clone in whole]  # whatever the width of the table
    finished = sum("finishedithadbeencutshort" in each for each in said)  # one that another was about to tell endpoints
    at_the_first = sum("noformerchampion" in each for each in said)
    assert sum(entry.what == "rolled back" for entry in entries) == CLONES - 1 - finished - at_the_first >= 1
    assert {"promoted", "overridden", "rolled back"} <= {entry.what for entry in entries}
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.left for entry in entries] == [None, *(entry.to for entry in entries[:-1])]
    assert [str(version) for version in registry.champion] == [entries[-1].to]
    champions = f"s3://{bucket}/champions"
    pointer = read_pointer(Address(champions), "digits")
    assert pointer
    assert pointer.position
    assert (pointer.version, pointer.position.number) == (entries[-1].to, entries[-1].number)
    for clone in clones:
        with serving(clone, "digits:latest", cwd=tmp_path, variables={"JOURNEYMAN_CHAMPIONS": champions}) as url:
            answer = httpx.post(f"{url}/predict", files={"picture": _picture()})
            assert answer.json()["model_version"] == entries[-1].to

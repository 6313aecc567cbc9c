"""A lock that two hosts see: processes that share a database and no folder."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from components.config.errors import RegistryError
from components.tracking.shared_lock import shared_lock
from tests.conftest import ROOT
from tests.machines.conftest import Postgres

HOLDER = """
import sys
from pathlib import Path
from components.tracking.shared_lock import shared_lock
with shared_lock("registry-digits", Path("lock")):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def database(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> str:
    address = postgres.database()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    return address


@contextmanager
def holder(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the lock, in a folder of its own."""
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_another_host_waits_and_is_told_for_whom(database: str, tmp_path: Path) -> None:
    with holder(tmp_path / "other") as other:
        held = pytest.raises(
            RegistryError, match=f"^registry-digits: held by {socket.gethostname()}:{other.pid} for 0.1 s"
        )
        with held, shared_lock("registry-digits", tmp_path / "lock", patience=0.1):
            pass
        with shared_lock("registry-garments", tmp_path / "another", patience=0.1):
            pass  # each workload has its own
        other.send_signal(signal.SIGKILL)
        other.wait()
        with shared_lock("registry-digits", tmp_path / "lock", patience=60.0):
            pass  # the server lets go of what a killed process held


def test_without_a_common_database_the_folder_s_lock_is_all_there_is(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same two, each with a store of its own."""
    with holder(tmp_path / "other"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
        with shared_lock("registry-digits", tmp_path / "lock", patience=0.1):
            pass

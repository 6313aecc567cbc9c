"""Workers that open one file at the same moment wait for each other, and none gives up."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from components.config.errors import EndpointError
from components.kinds import database
from components.kinds.database import DIALECTS, Database, address_of


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], str]:
    """Returns what makes a file that somebody else holds for so many seconds, and SQLite does not wait for anybody."""
    said = DIALECTS["sqlite"]
    monkeypatch.setitem(database.DIALECTS, "sqlite", replace(said, connect=("PRAGMA busy_timeout = 0", *said.connect)))

    def hold(seconds: float) -> str:
        other = sqlite3.connect(tmp_path / "m.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN EXCLUSIVE")
        threading.Timer(seconds, other.close).start()
        return f"sqlite:///{tmp_path}/m.db"

    return hold


def test_a_file_that_another_worker_makes_is_waited_for(held: Callable[[float], str]) -> None:
    with closing(Database(address_of(held(0.3)), "key", 30.0)) as opened:
        assert opened.run(lambda connection: connection.exec_driver_sql("SELECT 1").scalar()) == 1


def test_one_that_is_held_for_too_long_is_said_to_be(held: Callable[[float], str]) -> None:
    with pytest.raises(EndpointError, match="database is locked: another process holds the memory for too long"):
        Database(address_of(held(2.0)), "key", 0.05)

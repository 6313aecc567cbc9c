"""Trials of a search that several machines share: one of a machine that is lost is begun anew by another."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa

from components.config.settings import STUDIES
from tests.conftest import ROOT
from tests.machines.conftest import Postgres

MACHINE = """
import os, signal, sys
from components.kinds.space import Interval
from components.tuning import study
study.gethostname = lambda: sys.argv[1]
search = study.open_search("digits", "k", {"rate": Interval(0.001, 0.1, log=True)}, ["maximize"], 0)
with search.taken(None) as trial:
    print(trial.number, search.drawn(trial)["rate"], flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
"""Takes a trial and is lost with it."""


def test_a_lost_machine_s_trial_is_begun_anew(postgres: Postgres, tmp_path: Path) -> None:
    address = postgres.database()

    def taken_by(name: str) -> list[str]:
        (tmp_path / name).mkdir(exist_ok=True)
        machine = subprocess.run(
            [sys.executable, "-W", "error", "-c", MACHINE, name],
            cwd=tmp_path / name,
            env={**os.environ, "PYTHONPATH": str(ROOT), STUDIES: address},
            capture_output=True,
            text=True,
        )
        assert machine.returncode == -signal.SIGKILL, machine.stderr
        return machine.stdout.split()

    number, rate = taken_by("lost")
    assert number == "0"
    assert taken_by("other")[0] == "1"  # the first one may live
    assert taken_by("lost") == ["0", rate]  # it is back, and goes on
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE trial_heartbeats SET heartbeat = heartbeat - interval '11 minutes'"))
    assert taken_by("third") == ["2", rate]

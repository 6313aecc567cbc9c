"""A process, or a part of one, and its line."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from components.ledger.line import WITHIN, Line, read
from components.ledger.measure import metered
from tests.conftest import ROOT
from tests.servers import wait_for

GOES_ON = """
import time
from components.ledger import measure
measure.EVERY = 0.05
with measure.metered("digits", "train", whole=True):
    while time.process_time() < 0.3: pass
    print(flush=True)
    time.sleep(600)
"""
STAGE = """
import sys, time
from components.config.errors import DataError
from components.system import entry
print(time.process_time())
def prepare(workload):
    if workload == "wrong": raise DataError("no")
entry.run(prepare)
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def lines(workload: str = "digits") -> list[Line]:
    return read(Path("state/ledger", workload))[0]


def busy(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def test_a_part_within_another_says_so() -> None:
    with metered("digits", "train flow") as outer:
        busy(0.1)
        with metered("digits", "gate") as inner:
            assert inner
            inner.version = "3"
            busy(0.2)
    gate, flow = lines()
    assert outer
    assert (gate.part, gate.version, gate.within, gate.ended) == ("gate", "3", flow.id, "done")
    assert (flow.part, flow.within) == ("train flow", "")
    assert 0.2 <= gate.cpu_seconds <= flow.cpu_seconds
    assert WITHIN not in os.environ
    assert (gate.peak_bytes or 0) > 10**7
    assert gate.cores
    assert gate.memory_bytes


def test_what_fails_has_its_line_too() -> None:
    with pytest.raises(ZeroDivisionError), metered("digits", "gate"):
        raise ZeroDivisionError
    assert [line.ended for line in lines()] == ["failed"]


def test_where_it_cannot_be_written_the_work_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    Path("state").write_text("no folder")
    with metered("digits", "gate"):
        done = True
    assert done
    assert "what gate costs is not written down" in caplog.text


def test_nothing_is_measured_of_what_is_no_workload() -> None:
    with metered("../digits", "gate") as meter:
        assert meter is None
    assert list(Path().iterdir()) == []


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNEYMAN_LEDGER", "off")
    with metered("digits", "gate") as meter:
        assert meter is None
    assert list(Path().iterdir()) == []


def test_a_kill_loses_what_came_after_the_last_minute() -> None:
    with subprocess.Popen([sys.executable, "-c", GOES_ON], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        wait_for(lambda: any(line.cpu_seconds >= 0.3 for line in lines()))
        process.send_signal(signal.SIGKILL)
    (line,) = lines()
    assert line.ended == "running"
    with metered("digits", "gate"):
        pass
    assert [line.part for line in lines()] == ["train", "gate"]


@pytest.mark.parametrize(("workload", "ended"), [("digits", "done"), ("wrong", "failed")])
def test_a_stage_is_measured_from_the_start_of_its_process(workload: str, ended: str) -> None:
    done = subprocess.run([sys.executable, "-c", STAGE, workload], capture_output=True, text=True)
    assert done.stderr == ("error: no\n" if workload == "wrong" else "")
    (line,) = lines(workload)
    assert (line.part, line.ended) == ("prepare", ended)
    assert line.cpu_seconds >= float(done.stdout) - 0.001 > 0, "the start of Python counts"  # a line has milliseconds

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from components.system import processes
from tests.conftest import ROOT


def test_a_process_dies_with_its_parent(tmp_path: Path) -> None:
    child = """
import time
from components.system.processes import die_with_parent
die_with_parent()
print("up", flush=True)
time.sleep(60)
"""
    parent = f"""
import subprocess, sys, time
print(subprocess.Popen([sys.executable, "-c", {child!r}]).pid, flush=True)
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid = next(int(line) for line in process.stdout if line.strip().isdigit())
    while process.stdout.readline() != "up\n":
        pass
    process.kill()
    process.wait()
    process.stdout.close()
    assert gone(pid)


def test_a_process_whose_parent_is_gone_already_ends_at_once() -> None:
    child = """
import os, sys, time
from components.system.processes import die_with_parent
parent = int(sys.argv[1])
while os.getppid() == parent:
    time.sleep(0.01)
die_with_parent(parent=parent)
time.sleep(60)
"""
    parent = f"""
import os, subprocess, sys
print(subprocess.Popen([sys.executable, "-c", {child!r}, str(os.getpid())], stdout=subprocess.DEVNULL).pid)
"""
    said = subprocess.run([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert gone(int(said.stdout), within=20.0)


def gone(pid: int, within: float = 5.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def test_the_cores_that_are_allowed_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(16)))
    monkeypatch.setattr(processes, "_QUOTA", tmp_path / "cpu.max")
    assert processes.cores() == 16
    for said, allowed in (("400000 100000\n", 4), ("max 100000\n", 16), ("50000 100000\n", 1)):
        (tmp_path / "cpu.max").write_text(said)
        assert processes.cores() == allowed


def test_a_process_is_known_by_when_it_started() -> None:
    child = subprocess.Popen(["sleep", "60"])
    own, theirs = processes.start_tick(os.getpid()), processes.start_tick(child.pid)
    assert own is not None
    assert theirs is not None
    assert int(own) < int(theirs)
    child.kill()
    child.wait()
    assert processes.start_tick(child.pid) is None

import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.conftest import ROOT


def test_a_process_dies_with_its_parent(tmp_path: Path) -> None:
    child = """
import time
from components.system.entry import die_with_parent
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

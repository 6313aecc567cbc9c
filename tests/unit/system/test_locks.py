import subprocess
import sys
from pathlib import Path

from components.system.locks import is_locked, locked, try_lock


def test_a_lock_is_let_go_by_a_killed_holder(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from components.system.locks import locked
with locked(Path({str(tmp_path / "lock")!r})):
    print("held", flush=True)
    signal.pause()
"""
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with locked(tmp_path / "lock"):
        pass


def test_a_lock_is_seen_and_not_taken_from_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("w") as mine, path.open() as theirs:
        assert try_lock(mine)
        assert is_locked(theirs)
        assert not try_lock(theirs)
    with path.open() as theirs, path.open() as mine:
        assert not is_locked(theirs)  # to look takes nothing
        assert try_lock(mine)

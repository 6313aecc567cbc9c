"""Processes: the cores that one may use, when one started, and an end together with its parent."""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_STARTED = 19  # of the fields of /proc/PID/stat behind the name: ticks from the machine's start


def cores() -> int:
    """Return the cores that this process may use: its affinity, and its control group's quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = _QUOTA.read_text().split()
        return max(1, min(allowed, int(quota) // int(period)))
    except (OSError, ValueError):  # no control group, or "max"
        return allowed


def start_tick(pid: int) -> str | None:
    """Return the tick at which a process seen from here started, which tells it from a later one of the same number.

    None: there is no such process. Empty: this system does not tell.
    """
    if not Path("/proc/self/stat").exists():
        return ""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[_STARTED]
    except OSError:
        return None


def die_with_parent(last_words: signal.Signals = signal.SIGKILL, parent: int | None = None) -> None:
    """Have the kernel send `last_words` to this process when its parent dies (Linux: prctl(2)).

    A stage outlives a killed `dvc` otherwise, and goes on writing into the outputs of the next run.
    Also fit for `subprocess`'s `preexec_fn`.

    Args:
        last_words: which signal.
        parent: who started this process, where that is some time ago: if it is gone, the signal comes at once.
    """
    if sys.platform != "linux":
        return
    parent = parent or os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(last_words))
    if os.getppid() != parent:  # it died before the call
        os.kill(os.getpid(), last_words)

"""What a process has used since it started, its children included, by the kernel's own accounting.

Fields of `/proc`: proc(5). Where a system has none (macOS), what it does not tell is None.
"""

import os
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from components.ledger.rapl import package_joules

_PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE_OF_MAXRSS = 1 if os.uname().sysname == "Darwin" else 1024  # bytes of one unit of ru_maxrss
_CPU = slice(11, 15)  # of the fields of /proc/PID/stat behind the name: own and waited children's, user and system
_STARTED = 19
_IDLE = slice(3, 5)  # of /proc/stat's first line: idle, and waiting for a disk
_IMPORTED = time.monotonic()


class Usage(NamedTuple):
    """What has been used since the process started."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of a processor: all threads, ended children, and children that still run."""
    read: int | None
    """Bytes that came from a disk; None: the system does not tell."""
    written: int | None
    """Bytes that went to a disk; None: likewise."""
    machine_cpu: float | None
    """Seconds of a processor that all processes of the machine have used since it started."""
    package: float | None
    """Joules that the processor's package has used (RAPL); None: it cannot be read here."""


def usage() -> Usage:
    """Return what this process has used up to now."""
    running = list(_descendants(os.getpid()))
    own, ended = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime + sum(map(_cpu_of, running))
    transfers = [found for pid in (os.getpid(), *running) if (found := _transfers(pid)) is not None]
    read, written = map(sum, zip(*transfers, strict=True)) if transfers else (None, None)
    return Usage(_age(), cpu, read, written, machine_cpu(), package_joules())


def peak_memory() -> int:
    """Return the most bytes that this process or one of its ended children has held in memory at once."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _PAGE_OF_MAXRSS
    with suppress(OSError, StopIteration, ValueError):  # ru_maxrss may be that of who forked it
        lines = (_PROC / "self" / "status").read_text().splitlines()
        own = int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * _PAGE_OF_MAXRSS)


def _age() -> float:
    with suppress(OSError, ValueError, AttributeError):
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - int(_stat(os.getpid())[_STARTED]) / _TICK)
    return time.monotonic() - _IMPORTED


def _descendants(pid: int) -> Iterator[int]:
    """Yield the processes that this one has started and that still run, and theirs."""
    with suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _descendants(int(child))


def _cpu_of(pid: int) -> float:
    with suppress(OSError):
        return sum(map(int, _stat(pid)[_CPU])) / _TICK
    return 0.0


def _stat(pid: int) -> list[str]:
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _transfers(pid: int) -> tuple[int, int] | None:
    with suppress(OSError, ValueError, KeyError):  # another user's; a kernel that does not count
        told = dict(line.split(": ") for line in (_PROC / str(pid) / "io").read_text().splitlines())
        return int(told["read_bytes"]), int(told["write_bytes"])
    return None


def machine_cpu() -> float | None:
    """Return the CPU seconds that all processes of the machine have used; None: the system does not tell."""
    with suppress(OSError, ValueError):
        ticks = list(map(int, (_PROC / "stat").read_text().partition("\n")[0].split()[1:9]))  # without guests: counted
        return (sum(ticks) - sum(ticks[_IDLE])) / _TICK
    return None

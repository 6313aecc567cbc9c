"""What the workers of an endpoint have used, by the kernel's own accounting; Linux alone tells how long they waited."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_PROC = Path("/proc")


@dataclass(frozen=True)
class Used:
    """By all workers. Seconds."""

    cpu: float
    waited: float
    """For which they wanted a core that others had."""


def worker_processes(supervisor: int) -> list[int]:
    """Return the ids of the processes that the supervisor of an endpoint has started."""
    return [child.pid for child in psutil.Process(supervisor).children(recursive=True)]


def used_by(workers: Sequence[int]) -> Used:
    """Return what the workers, all threads of each, have used up to now (`/proc/PID/task/TID/schedstat`)."""
    cpu = waited = 0
    for worker in workers:
        for task in (_PROC / str(worker) / "task").iterdir():
            with suppress(OSError):  # a thread that has ended since
                ran, queued, _ = map(int, (task / "schedstat").read_text().split())
                cpu, waited = cpu + ran, waited + queued
    return Used(cpu / 1e9, waited / 1e9)


@contextmanager
def pinned(workers: Sequence[int]) -> Iterator[None]:
    """Have this thread on a core of its own, as callers are on another machine, and the workers on the others.

    Where there are no more cores than workers, nothing is changed.
    """
    mine = os.sched_getaffinity(0)
    if len(mine) > len(workers):
        last = max(mine)
        _to(workers, mine - {last})
        os.sched_setaffinity(0, {last})
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)
        _to(workers, mine)


def _to(workers: Sequence[int], cores: set[int]) -> None:
    """Have all threads of the workers, and what they start from now on, run on these cores alone."""
    for worker in workers:
        with suppress(OSError):  # it has ended, or a thread of it
            for task in (_PROC / str(worker) / "task").iterdir():
                os.sched_setaffinity(int(task.name), cores)


def memory_of(supervisor: int) -> int:
    """Return the bytes that the endpoint, supervisor and workers, holds; what they share is counted once."""
    processes = [psutil.Process(supervisor), *psutil.Process(supervisor).children(recursive=True)]
    return sum(process.memory_full_info().pss for process in processes)

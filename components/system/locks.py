"""Locks on files: the kernel releases one when its holder ends, however that ends, and shows it to other containers."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

_LOOK = 0.02  # seconds between two tries


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file at `path` for the block; others wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def locked_within(path: Path, seconds: float) -> Iterator[None]:
    """Hold the lock file at `path` for the block; wait so many seconds for it and no longer.

    Raises:
        TimeoutError: another process has held it all that time, for it was stopped, perhaps.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        deadline = time.monotonic() + seconds
        while not try_lock(file):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} is held by another process for {seconds:g} s")
            time.sleep(_LOOK)
        yield


def try_lock(file: int | IO[Any]) -> bool:
    """Lock an open file until it is closed; return False, at once, where another process holds its lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_locked(file: int | IO[Any]) -> bool:
    """Return whether another process holds the lock of an open file."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False

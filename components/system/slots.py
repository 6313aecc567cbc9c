"""Numbered files of which each process takes one: its lock ends with its process, and the next one takes it over."""

import os
from pathlib import Path

from components.system.locks import try_lock


def take_slot(folder: Path, most: int) -> tuple[int, int]:
    """Return the first free number below `most`, and its file in `folder`, open and locked until it is closed.

    Raises:
        OSError: all are taken, or the folder cannot be written.
    """
    for number in range(most):
        file = os.open(folder / f"{number:03d}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if try_lock(file):
            return number, file
        os.close(file)
    raise OSError(None, f"all of its {most} slots are taken")


def reserve(file: int, size: int) -> None:
    """Give an open file its size: a disk that is full says so here, not by a SIGBUS to who writes to mapped memory.

    Raises:
        OSError: there is no room.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size)
    else:
        os.truncate(file, size)

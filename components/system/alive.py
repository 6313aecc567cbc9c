"""Whether a process, here or in another container, still lives: a lock tells, which the kernel releases when it dies.

A host's name and a process id tell nothing: two containers may share both. A process holds a file under
`state/locks/alive` instead, named by a token that only it has and that it gives away with what it does (as a tag of its
run). If the lock is free, its holder is gone, also after a restart of the machine. If there is no
such file, nothing is known: the holder works in another folder. And nothing is known either of a holder on another
machine that shares this folder: its lock may not be seen from here.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Literal
from uuid import uuid4

from components.config.settings import STATE
from components.system.locks import is_locked, try_lock

ALIVE = STATE / "locks" / "alive"

_BOOT = Path("/proc/sys/kernel/random/boot_id")

Found = Literal["alive", "gone", "elsewhere"]


@contextmanager
def alive() -> Iterator[str]:
    """Yield the token of this process; for as long as the block runs, others find it alive."""
    folder, token = ALIVE.absolute(), uuid4().hex
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / token
    with path.open("x") as file:
        try_lock(file)
        file.write(f"{_identity(file)} {_machine()}")  # a copy of the folder has the file too, nobody holds it there
        file.flush()
        try:
            yield token
        finally:
            path.unlink(missing_ok=True)


def look_for(token: str) -> Found:
    """Return whether the process that was given this token lives, is gone, or works in another folder than this."""
    try:
        file = (ALIVE / Path(token).name).open()
    except OSError:
        return "elsewhere"
    with file:
        identity, _, machine = file.read().partition(" ")
        if identity != _identity(file) or (machine and _is_another(machine)):
            return "elsewhere"
        return "alive" if is_locked(file) else "gone"


def forget(token: str) -> None:
    """Remove what a process that is gone has left."""
    with suppress(OSError):
        (ALIVE / Path(token).name).unlink()


def _machine() -> str:
    """Return this start of the machine, and its name: a container has the first in common with its machine."""
    return f"{_BOOT.read_text().strip() if _BOOT.exists() else '-'} {socket.gethostname()}"


def _is_another(machine: str) -> bool:
    """Whether it is neither this start of a machine nor an earlier one of a machine of this name."""
    return not set(machine.split()) & set(_machine().split())


def _identity(file: IO[str]) -> str:
    return str(os.fstat(file.fileno()).st_ino)

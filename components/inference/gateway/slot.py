"""A file for each worker of one server, which outlives the worker and is taken over by the next.

A lock (flock), which the system itself lets go when its process ends, however it does, marks the files in use: a number
of a process, as prometheus_client has it in the names of its files, says nothing of whether that process lives.
"""

import os
import shutil
import tempfile
from pathlib import Path

from components.system.locks import is_locked
from components.system.processes import start_tick
from components.system.slots import reserve
from components.system.slots import take_slot as take

_WORKERS = 256  # of one server at most


def take_slot(size: int) -> tuple[Path, int]:
    """Return the directory of this server's workers, and a file of `size` bytes in it that is this worker's, open.

    Raises:
        OSError: none can be had.
    """
    folder = _folder()
    _, file = take(folder, _WORKERS)
    try:
        reserve(file, size)
    except OSError:
        os.close(file)
        raise
    return folder, file


def _folder() -> Path:
    """Return the directory of the workers that have this one's parent, the server; those of ended servers go."""
    home = Path(tempfile.gettempdir()) / f"journeyman-{os.getuid()}"
    home.mkdir(mode=0o700, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != os.getuid():
        raise PermissionError(f"{home} is someone else's")
    if not (server := _server(os.getppid())):
        raise ProcessLookupError("this worker has no parent")
    for other in home.glob("[0-9]*-*"):
        if other.name != _server(int(other.name.partition("-")[0])) and not _in_use(other):
            shutil.rmtree(other, ignore_errors=True)  # another worker may be at it too
    (home / server).mkdir(mode=0o700, exist_ok=True)
    return home / server


def _server(process: int) -> str:
    """Name a process by its number and, for numbers come again, its start; nothing where there is none such."""
    started = start_tick(process)
    return "" if started is None else f"{process}-{started}"


def _in_use(folder: Path) -> bool:
    """Return whether a worker holds a file in it: of a server that is not seen from in here, in another container."""
    try:
        return any(_is_locked(file) for file in folder.iterdir())
    except FileNotFoundError:  # another worker, which starts now too, removes it
        return False


def _is_locked(path: Path) -> bool:
    with path.open("rb") as file:
        return is_locked(file)

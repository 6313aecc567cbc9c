"""What was counted of parts of the log that do not change any more, `<log>/<workload>/summaries/`: a cache.

Each file is a value (JSON, and NumPy's arrays in it) with the key that it was made for. One that was made for another
key, or is damaged, counts for nothing. An erasure removes all of them, and none is written that was made before it.
"""

import json
import logging
import shutil
import struct
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from components.prediction_log.identities import TOMBSTONES
from components.prediction_log.maintenance import LOCK
from components.system.files import whole_file
from components.system.locks import locked

FOLDER = "summaries"
_MAGIC, _SIZE = b"journeyman summary 1\n", struct.Struct("<I")

logger = logging.getLogger(__name__)


class Summaries:
    """The summaries of one log."""

    def __init__(self, log: Path, made_by: str, write: bool = True) -> None:
        """Look at the log in the folder `log`.

        Args:
            log: `<log>/<workload>`.
            made_by: what is to be the same for a summary to count: of the code.
            write: False: those that there are are used, and nothing is written.
        """
        self._folder, self._log, self._write = log / FOLDER, log, write
        self._tombstones = _tombstones(log)
        self._made_by = f"{made_by} {self._tombstones}"
        self._asked: set[str] = set()
        self.read = self.made = 0
        """How many were there, and how many were made."""

    def of(self, name: str, files: list[Path] | None, make: Callable[[], Any], holds: Callable[[Any], bool]) -> Any:
        """Return the summary that there is, or make one.

        Args:
            name: of its file.
            files: of the log that it is made of; None: it is of what may change yet, so it is made and not kept.
            make: returns it: dicts, lists, texts, numbers and arrays.
            holds: whether one that is there is still right, besides being of the same files and made by the same code.
        """
        if files is None:
            return make()
        key = f"{self._made_by} {' '.join(map(_identity, files))}"
        self._asked.add(name)
        found = _read(self._folder / name, key)
        if found is not None and holds(found):
            self.read += 1
            return found
        self.made += 1
        made = make()
        if self._write:
            self._keep(name, key, made)
        return made

    def sweep(self) -> None:
        """Remove those that nobody asked for: their days are gone from the log."""
        if self._write and self._folder.is_dir():
            for path in self._folder.iterdir():
                if path.is_file() and path.name not in self._asked:
                    path.unlink(missing_ok=True)

    def _keep(self, name: str, key: str, value: Any) -> None:
        try:
            with locked(self._log / LOCK):  # an erasure holds it too
                if _tombstones(self._log) == self._tombstones:
                    with whole_file(self._folder / name) as draft:
                        draft.touch(mode=0o600)
                        draft.write_bytes(_packed(key, value))
        except OSError as error:
            logger.warning("%s: no summary is kept, so the log is read whole each time (%s)", self._folder, error)
            self._write = False


def remove_summaries(log: Path) -> None:
    """Remove all summaries of a log; they are made anew when they are asked for."""
    shutil.rmtree(log / FOLDER, ignore_errors=True)


def _identity(file: Path) -> str:
    """Return what is another as soon as the file is: writers replace files as a whole."""
    said = file.stat()
    return f"{file.parent.name}/{file.name}:{said.st_size}:{said.st_mtime_ns}"


def _tombstones(log: Path) -> str:
    try:
        return sha256((log / TOMBSTONES).read_bytes()).hexdigest()
    except FileNotFoundError:
        return ""


def _packed(key: str, value: Any) -> bytes:
    arrays: list[np.ndarray[Any, Any]] = []

    def plain(part: Any) -> Any:
        if isinstance(part, np.ndarray):
            arrays.append(np.ascontiguousarray(part))
            return {"array": len(arrays) - 1, "type": part.dtype.str, "shape": part.shape}
        raise TypeError(type(part))

    text = json.dumps({"key": key, "value": value}, default=plain).encode()
    content = b"".join([_SIZE.pack(len(text)), text, *(array.tobytes() for array in arrays)])
    return _MAGIC + sha256(content).digest() + content


def _read(path: Path, key: str) -> Any:
    """Return the value; None: there is none for this key."""
    try:
        packed = path.read_bytes()
    except OSError:
        return None
    start = len(_MAGIC) + 32
    content = memoryview(packed)[start:]
    if not packed.startswith(_MAGIC) or packed[len(_MAGIC) : start] != sha256(content).digest():
        return None
    (size,) = _SIZE.unpack_from(content)
    place = _SIZE.size + size

    def whole(part: dict[str, Any]) -> Any:
        nonlocal place
        if "array" not in part:
            return part
        count = int(np.prod(part["shape"]))
        array = np.frombuffer(content, part["type"], count, place).reshape(part["shape"])
        place += array.nbytes
        return array

    said = json.loads(bytes(content[_SIZE.size : _SIZE.size + size]), object_hook=whole)
    return said["value"] if said["key"] == key else None

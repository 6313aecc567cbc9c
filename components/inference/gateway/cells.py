"""Numbers that outlive their worker: a file of them for each worker of one server, added up by whichever is asked.

Workers are processes and know nothing of each other. Each writes to memory that is mapped to a file of its own, without
a lock, at the price of an assignment; the worker that comes in place of a killed one goes on in the file of that one.

A file is 8-byte floats (the first says how many bytes of names are written), then the names, a line each.
"""

import logging
import mmap
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from components.inference.gateway.exposition import LEFT_OUT, cell
from components.inference.gateway.slot import take_slot

SERIES = 16_383
"""Names that fit into a file; what would be one more is counted as left out."""
_NAMES = (SERIES + 1) * 8
_SIZE = 2**20

logger = logging.getLogger(__name__)


class Cells:
    """One worker's numbers by name. All changes are made by one thread."""

    def __init__(self, memory: mmap.mmap, file: int | None = None, folder: Path | None = None) -> None:
        self.values = memoryview(memory).cast("d")
        self._memory, self._file, self._folder = memory, file, folder
        self._used = int(self.values[0])
        self._indices = {name: index + 1 for index, name in enumerate(_names(bytes(self._text())))}
        self._left_out = self.index(cell(LEFT_OUT))

    @classmethod
    def shared(cls) -> Self:
        """Take a file among those of this server's workers; where none can be had, memory that nobody else sees."""
        try:
            folder, file = take_slot(_SIZE)
            return cls(mmap.mmap(file, _SIZE), file, folder)
        except OSError as error:
            logger.warning("metrics are this worker's alone, for no file can be shared (%s)", error)
            return cls.private()

    @classmethod
    def private(cls) -> Self:
        """Take memory that nobody else sees."""
        return cls(mmap.mmap(-1, _SIZE))

    def index(self, name: str) -> int:
        """Return where in `values` the number of that name is; a new one is 0."""
        known = self._indices.get(name)
        return known if known is not None else self._new(name)

    def names(self) -> list[str]:
        """Return the names that this worker's file has, some perhaps from the worker before."""
        return list(self._indices)

    def total(self) -> dict[str, float]:
        """Return the numbers of all workers, added up by name."""
        total: dict[str, float] = {}
        for names, values in self._files():
            for name, value in zip(_names(names), values, strict=False):
                total[name] = total.get(name, 0.0) + value
        return total

    def _new(self, name: str) -> int:
        line = name.encode() + b"\n"
        index, end = len(self._indices) + 1, _NAMES + self._used + len(line)
        if index > SERIES or end > _SIZE:
            return self._left_out
        self._memory[end - len(line) : end] = line
        self._used += len(line)
        self.values[0] = self._used  # last, so that whoever reads meanwhile finds whole names
        self._indices[name] = index
        return index

    def _text(self) -> memoryview:
        return memoryview(self._memory)[_NAMES : _NAMES + self._used]

    def _files(self) -> list[tuple[bytes, Iterable[float]]]:
        if self._folder is None:
            return [(bytes(self._text()), self.values[1:])]
        return [_read(path) for path in sorted(self._folder.iterdir())]


def _read(path: Path) -> tuple[bytes, Iterable[float]]:
    """Return the names and the numbers in a file; none where it is not yet of its size."""
    with path.open("rb") as file:
        content = file.read(_NAMES)
        if len(content) < _NAMES:
            return b"", ()
        values = memoryview(content).cast("d")
        return file.read(int(values[0])), values[1:]


def _names(text: bytes) -> list[str]:
    return text.decode().split("\n")[:-1]

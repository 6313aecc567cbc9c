"""What is to be scored: a folder of files that are one row each, or the rows of Parquet files -> chunks, in order.

Where a chunk begins and ends follows from the source alone, so that a run which goes on somewhere has the same chunks.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from components.config.errors import ConfigError
from components.inference.bundle import About
from components.kinds import catalogue
from components.scoring.table import TableSource

PARQUET = (".parquet", ".pq")
CHUNK_BYTES = 16 * 2**20
"""Of files that are handed to a process at a time."""


class Chunk(Protocol):
    """Rows that follow each other, on their way to a process."""

    @property
    def start(self) -> int:
        """Number of its first row in the source."""

    @property
    def ids(self) -> pa.Array:
        """Id of each row."""

    def rows(self, most: int, /) -> list[dict[str, Any] | str]:
        """Return each row, or the sentence that says why it cannot be read; `most`: bytes of an upload."""


class Source(Protocol):
    """Rows in a fixed order."""

    count: int
    fingerprint: str
    """Changes when a file is added, taken away, renamed or written."""
    id: pa.DataType

    def chunks(self, start: int, /) -> Iterator[Chunk]:
        """Yield the chunks from row `start` on, where one begins."""


def open_source(path: Path, about: About, id: str | None) -> Source:
    """Open what is to be scored by the bundle that says `about`.

    Args:
        path: a folder of uploads, a Parquet file, or a folder of those; what begins with `.` or `_` is passed over.
        about: the bundle's.
        id: the column with each row's id; None: the kind's, or else the row's number.

    Raises:
        ConfigError: there is nothing of the sort.
        DataError: a file is not readable, or lacks columns.
    """
    scoring = catalogue.scoring(about.kind)
    fields = scoring.fields(about.input)
    tables = [path] if path.is_file() else _with_suffix(path, PARQUET)
    if any(True for _ in tables):
        tables = [path] if path.is_file() else list(_with_suffix(path, PARQUET))
        identity = id or scoring.identity(about.input)
        return TableSource(tables, fingerprint(path, tables), fields, identity, scoring.ROWS)
    if not path.is_dir():
        raise ConfigError(f"{path}: no such file or folder")
    if not scoring.SUFFIXES or not any(True for _ in _with_suffix(path, scoring.SUFFIXES)):
        expected = ", ".join([*scoring.SUFFIXES, *PARQUET])
        raise ConfigError(f"{path}: nothing there to score: expected are files {expected}")
    if id:
        raise ConfigError(f"{path}: files have no column {id!r}; leave --id out: their paths are their ids")
    return FolderSource(path, scoring.SUFFIXES, next(iter(fields)), scoring.ROWS)


def fingerprint(folder: Path, files: Iterable[Path]) -> str:
    """Return the SHA-256 of the names, sizes and times of `files`, which are below `folder`, or it."""
    digest = hashlib.sha256()
    for file in files:
        about = file.stat()
        digest.update(os.fsencode(file.relative_to(folder)) + f"\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


class FolderSource:
    """A folder of files that are one row each, in the order of their paths. No list of them is ever in memory."""

    id = pa.string()

    def __init__(self, folder: Path, suffixes: tuple[str, ...], field: str, most: int) -> None:
        """Look at every file's name, size and time; `most` rows are in a chunk, of the one field `field`."""
        self._folder, self._suffixes, self._field, self._most = folder, suffixes, field, most
        self.count = 0
        self.fingerprint = fingerprint(folder, self._counted())

    def chunks(self, start: int, /) -> Iterator["FolderChunk"]:
        """Yield the chunks from row `start` on."""
        files: list[Path] = []
        size = 0
        for place, file in enumerate(_with_suffix(self._folder, self._suffixes)):
            if place < start:
                continue
            bytes = _size(file)
            if files and (len(files) == self._most or size + bytes > CHUNK_BYTES):
                yield self._chunk(place - len(files), files)
                files, size = [], 0
            files.append(file)
            size += bytes
        if files:
            yield self._chunk(place + 1 - len(files), files)

    def _chunk(self, start: int, files: list[Path]) -> "FolderChunk":
        names = [os.fsencode(file.relative_to(self._folder)).decode("utf-8", "backslashreplace") for file in files]
        return FolderChunk(start, pa.array(names, pa.string()), files, self._field)

    def _counted(self) -> Iterator[Path]:
        for file in _with_suffix(self._folder, self._suffixes):
            self.count += 1
            yield file


@dataclass(frozen=True)
class FolderChunk:
    """Some files of a folder; they are opened where the rows are asked for."""

    start: int
    ids: pa.Array
    files: list[Path]
    field: str

    def rows(self, most: int, /) -> list[dict[str, Any] | str]:
        """Return each file as a row, or why it cannot be one."""
        return [self._row(file, most) for file in self.files]

    def _row(self, file: Path, most: int) -> dict[str, Any] | str:
        try:
            with file.open("rb") as stream:
                content = stream.read(most + 1)
        except OSError as error:
            return f"the file cannot be read: {error.strerror}"
        return {self.field: content} if len(content) <= most else f"the file is larger than {most:,} bytes"


def _with_suffix(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Yield the files below `folder` with one of `suffixes`, sorted within each folder."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as found:
        entries = sorted((one for one in found if not one.name.startswith((".", "_"))), key=lambda one: one.name)
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _with_suffix(Path(entry.path), suffixes)
        elif entry.name.lower().endswith(suffixes) and entry.is_file():
            yield Path(entry.path)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0  # it has gone; whoever opens it says so

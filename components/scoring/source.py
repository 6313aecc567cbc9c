"""What is to be scored: files of a folder that are one row each, or rows of tables -> chunks, in order.

A table is a Parquet, CSV or JSON Lines file.

Where a chunk begins and ends follows from the source alone, so that a run which goes on somewhere has the same chunks.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from components import catalogue
from components.config.errors import ConfigError
from components.inference.bundle import About
from components.kinds import csv_files, json_lines
from components.kinds.leftovers import is_leftover
from components.scoring.objects import ObjectSource
from components.scoring.table import TableSource
from components.scoring.texts import TextSource

PARQUET = (".parquet", ".pq")
IsRow = Callable[[str], bool]
"""Whether the file at a path is a row."""
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
        """Yield the chunks that begin at row `start` or later; where they begin does not depend on it."""


def open_source(path: Path, about: About, id: str | None) -> Source:
    """Open what is to be scored by the bundle that says `about`.

    Args:
        path: a folder of uploads, a Parquet, CSV or JSON Lines file, or a folder of those; names that begin with `.` or
            `_` are passed over.
        about: the bundle's.
        id: the column with each row's id; None: the kind's, or else the row's number.

    Raises:
        ConfigError: there is nothing of the sort, or files of which one cannot say in which order they come.
        DataError: a file is not readable, or lacks columns.
    """
    scoring = catalogue.scoring(about.kind)
    fields = scoring.fields(about.input)
    type_, tables = _tables(path, bool(scoring.SUFFIXES))
    if tables:
        identity = id or scoring.identity(about.input)
        found = fingerprint((str(table.relative_to(path)), table.stat()) for table in tables)
        return type_(tables, found, fields, identity, scoring.CHUNK_ROWS)
    if not path.is_dir():
        raise ConfigError(f"{path}: no such file or folder")
    if not scoring.SUFFIXES or not any(True for _ in _chosen(path, scoring.is_row)):
        others = () if scoring.SUFFIXES else csv_files.SUFFIXES + json_lines.SUFFIXES
        expected = ", ".join([*scoring.SUFFIXES, *PARQUET, *others])
        raise ConfigError(f"{path}: nothing there to score: expected are files {expected}")
    if id:
        raise ConfigError(f"{path}: files have no column {id!r}; leave --id out: their paths are their ids")
    return FolderSource(path, scoring.is_row, next(iter(fields)), scoring.CHUNK_ROWS)


def fingerprint(files: Iterable[tuple[str, os.stat_result]]) -> str:
    """Return the SHA-256 of the names, sizes and times of `files`."""
    digest = hashlib.sha256()
    for name, about in files:
        digest.update(os.fsencode(name) + f"\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
    return digest.hexdigest()


class FolderSource:
    """A folder of files that are one row each, in the order of their paths. No list of them is ever in memory."""

    id = pa.string()

    def __init__(self, folder: Path, is_row: IsRow, field: str, most: int) -> None:
        """Look at every file's name, size and time; `most` rows are in a chunk, of the one field `field`."""
        self._folder, self._is_row, self._field, self._most = folder, is_row, field, most
        self.count = 0
        self.fingerprint = fingerprint(self._counted())

    def chunks(self, start: int, /) -> Iterator["FolderChunk"]:
        """Yield the chunks from row `start` on."""
        names: list[str] = []
        size = 0
        for index, (name, entry) in enumerate(_chosen(self._folder, self._is_row)):
            bytes = _size(entry)
            if names and (len(names) == self._most or size + bytes > CHUNK_BYTES):
                if index - len(names) >= start:
                    yield self._chunk(index - len(names), names)
                names, size = [], 0
            names.append(name)
            size += bytes
        if names and index + 1 - len(names) >= start:
            yield self._chunk(index + 1 - len(names), names)

    def _chunk(self, start: int, names: list[str]) -> "FolderChunk":
        ids = [os.fsencode(name).decode("utf-8", "backslashreplace") for name in names]
        return FolderChunk(start, pa.array(ids, pa.string()), str(self._folder), names, self._field)

    def _counted(self) -> Iterator[tuple[str, os.stat_result]]:
        for name, entry in _chosen(self._folder, self._is_row):
            self.count += 1
            yield name, entry.stat()


@dataclass(frozen=True)
class FolderChunk:
    """Some files of a folder; they are opened where the rows are asked for."""

    start: int
    ids: pa.Array
    folder: str
    names: list[str]
    """Of the files, below the folder; plain text, which goes to another process sooner than a path does."""
    field: str

    def rows(self, most: int, /) -> list[dict[str, Any] | str]:
        """Return each file as a row, or why it cannot be one."""
        return [self._row(f"{self.folder}/{name}", most) for name in self.names]

    def _row(self, path: str, most: int) -> dict[str, Any] | str:
        try:
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - one of very many
                content = file.readall() if os.fstat(file.fileno()).st_size <= most else None
        except OSError as error:
            return f"the file cannot be read: {error.strerror}"
        if content is None or len(content) > most:
            return f"the file is larger than {most:,} bytes"
        return {self.field: content}


def _tables(path: Path, uploads: bool) -> tuple[type[TableSource] | type[TextSource] | type[ObjectSource], list[Path]]:
    """Return what reads the tables at `path`, and these; beside uploads, CSV and JSON Lines files are of their labels.

    Raises:
        ConfigError: a folder has tables of several sorts.
    """
    if path.is_file():
        name = path.name.lower()
        if not uploads and name.endswith(csv_files.SUFFIXES + csv_files.TEXT):
            return TextSource, [path]
        return (ObjectSource if not uploads and name.endswith(json_lines.SUFFIXES) else TableSource), [path]
    parquet = _below_with(path, PARQUET)
    objects = [] if uploads else _below_with(path, json_lines.SUFFIXES)
    texts = [] if uploads or parquet else _below_with(path, csv_files.SUFFIXES)
    if objects and (other := [*parquet, *texts]):
        raise ConfigError(
            f"{path}: has {objects[0].name} and {other[0].name}: score JSON Lines and other tables one after the other"
        )
    return (ObjectSource, objects) if objects else (TextSource, texts) if texts else (TableSource, parquet)


def _below_with(path: Path, suffixes: tuple[str, ...]) -> list[Path]:
    return [Path(path, name) for name, _ in _chosen(path, lambda file: file.lower().endswith(suffixes))]


def _chosen(folder: Path, is_row: IsRow) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Yield the files below `folder` that are rows, and their names there, sorted within each folder."""
    if folder.is_dir():
        yield from _below(str(folder), "", is_row)


def _below(folder: str, before: str, is_row: IsRow) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    with os.scandir(folder) as found:
        entries = sorted((entry for entry in found if not _passed_over(entry.name)), key=lambda entry: entry.name)
    for entry in entries:
        name = before + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path, f"{name}/", is_row)
        elif entry.is_file() and is_row(entry.path):
            yield name, entry


def _passed_over(name: str) -> bool:
    return name.startswith("_") or is_leftover(name)


def _size(entry: "os.DirEntry[str]") -> int:
    try:
        return entry.stat().st_size
    except OSError:
        return 0  # it has gone; whoever opens it says so

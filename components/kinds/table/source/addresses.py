"""Where the files of a table are: a path, or any address that fsspec knows (https://, s3://, gs://, memory://, ...)."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from components.config.errors import DataError
from components.kinds import csv_files, json_lines

CSV, PARQUET, JSON = csv_files.SUFFIXES, (".parquet", ".pq"), json_lines.SUFFIXES
TAKEN = ", ".join(PARQUET + CSV + JSON)

_USER = re.compile(r"(://)[^/\s@]*@")
_QUERY = re.compile(r"(://[^\s?'\"]*)\?[^\s'\")]*")
_NOTHING = "__HIVE_DEFAULT_PARTITION__"  # how Hive spells a missing value in a folder's name


@dataclass(frozen=True)
class File:
    """One file of a table."""

    name: str
    """For people: its address without what is secret in it."""
    path: str
    """In its file system."""
    system: AbstractFileSystem = field(compare=False)
    keys: Mapping[str, str | None] = field(default_factory=dict, compare=False)
    """Columns that stand in the names of the folders that lead to it, `key=value`."""
    alone: bool = False
    """Whether it was named itself, not its folder."""

    @property
    def suffix(self) -> str:
        """The one of those taken that its name ends with, or nothing."""
        path = urlsplit(self.path).path if "://" in self.path else self.path
        taken = PARQUET + CSV + JSON + (csv_files.TEXT if self.alone else ())
        return next((suffix for suffix in taken if path.lower().endswith(suffix)), "")


def found(address: str) -> tuple[list[File], list[str]]:
    """Return the table's files at `address`, sorted by path, and the names of those that are taken for none.

    The address is of one file, or of a folder that is searched to its depth; over http it is of one file. What begins
    with `.` or `_` is passed over in silence, as Hive and Spark do.

    Raises:
        DataError: the address does not answer.
    """
    name = shown(address)
    with named(name), _answering():
        system, root = url_to_fs(address)
        alone = "http" in system.protocol or system.isfile(root)
        paths = [root] if alone else sorted(system.find(root))
        if not paths and not system.exists(root):
            raise FileNotFoundError(root)
    if alone:
        files = [File(name, root, system, alone=True)]
    else:
        files = [_below(name, system, root, path) for path in paths if not _hidden(path.removeprefix(root))]
    return [file for file in files if file.suffix], [file.name for file in files if not file.suffix]


@contextmanager
def here(file: File) -> Iterator[Path]:
    """Yield a path to the file on this machine: its own, or that of a copy which is gone when the block ends."""
    if isinstance(file.system, LocalFileSystem):
        yield _filled(Path(file.path))
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"copy{file.suffix}"
        with _answering():
            file.system.get_file(file.path, str(copy))
        yield _filled(copy)


def shown(text: str) -> str:
    """Return the text with addresses that have no user, password or query: signatures and tokens stand there."""
    return _QUERY.sub(r"\1", _USER.sub(r"\1", text))


@contextmanager
def named(name: str) -> Iterator[None]:
    """Put `name` before what is wrong with it."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{name}: {error}") from error


@contextmanager
def _answering() -> Iterator[None]:
    """Turn whatever a file system raises into one line."""
    try:
        yield
    except FileNotFoundError as error:
        raise DataError("no such file or folder; see `source` in params.yaml") from error
    except ImportError as error:
        raise DataError(f"addresses of this sort need one more package: {error}") from error
    except Exception as error:  # each file system has errors of its own, which share no other class
        said = shown(" ".join(str(error).split())) or type(error).__name__
        raise DataError(f"does not answer ({said}); look at the address and at your right to read it") from error


def _filled(path: Path) -> Path:
    if path.stat().st_size == 0:
        raise DataError("empty (0 bytes); bring it again, or take it away")
    return path


def _below(name: str, system: AbstractFileSystem, root: str, path: str) -> File:
    relative = path.removeprefix(root).lstrip("/")
    folders = (part.partition("=") for part in PurePosixPath(relative).parts[:-1] if "=" in part)
    keys = {key: None if value == _NOTHING else unquote(value) for key, _, value in folders}
    return File(f"{name.rstrip('/')}/{relative}", path, system, keys)


def _hidden(relative: str) -> bool:
    return any(part.startswith((".", "_")) for part in PurePosixPath(relative.lstrip("/")).parts)

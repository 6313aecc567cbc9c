"""Files that are either whole or absent: each is written as a draft beside its path, then moved there."""

import glob
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from components.config.errors import ConfigError
from components.system.locks import try_lock

_CHUNK = 1 << 20
_LOCK = ".lock"
_ABANDONED = 86_400.0  # seconds since anything changed in a draft that has no lock


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path for a file of the same name; it becomes `path` when the block ends without an error."""
    with _draft_of(path) as draft:
        yield draft
        replace_file(draft, path)


def created(path: Path, content: bytes) -> bool:
    """Write a file that is not there yet, whole or not at all; return whether it was this call that wrote it."""
    with scratch_directory(path) as folder:
        draft = folder / path.name
        draft.write_bytes(content)
        _to_disk(draft)
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
    return True


def replace_file(draft: Path, path: Path) -> None:
    """Move a written draft to `path`, on the same file system: a reader finds the old file or the new, each whole.

    For drafts that several processes write together; everything else is written by `whole_file`.
    """
    _to_disk(draft)
    draft.replace(path)


def entries_to_disk(folder: Path) -> None:
    """Wait until the disk has the names in a folder, as it has the files already; a folder that is missing has none."""
    with suppress(FileNotFoundError):
        file = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


@contextmanager
def whole_directory(path: Path) -> Iterator[Path]:
    """Yield an empty directory of the same name; it becomes `path` when the block ends without an error.

    What stood at `path` before is replaced as a whole.
    """
    with scratch_directory(path) as draft:
        yield draft
        for file in draft.rglob("*"):
            if file.is_file():
                _to_disk(file)
        shutil.rmtree(path, ignore_errors=True)
        draft.replace(path)


@contextmanager
def scratch_directory(path: Path) -> Iterator[Path]:
    """Yield an empty directory on the file system of `path` that is gone when the block ends."""
    with _draft_of(path) as draft:
        draft.mkdir()
        yield draft


def must_be_writable(folder: Path, name: str) -> None:
    """Make the folder, and see to it that files can be written into it.

    Args:
        folder: which.
        name: what the error calls it, a setting or a path.

    Raises:
        ConfigError: they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        why = error.strerror or str(error)
        raise ConfigError(
            f"{name}: {folder} cannot be written: {why}; mend its rights, or name another folder"
        ) from error


def clear_drafts(folder: Path) -> None:
    """Clear away what killed writers left of files in the folder, whatever the files' names."""
    for draft in folder.glob(".*.draft-*"):
        _clear_if_left(draft)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON with sorted keys: the same value gives the same bytes."""
    with whole_file(path) as draft:
        draft.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def write_content(path: Path, content: Any) -> None:
    """Write `content`: a text as it is, anything else as JSON."""
    if isinstance(content, str):
        with whole_file(path) as draft:
            draft.write_text(content, encoding="utf-8")
    else:
        write_json(path, content)


def read_json(path: Path) -> Any:
    """Read the JSON file at `path`."""
    return json.loads(path.read_text())


def found(folder: Path, pattern: str) -> list[Path]:
    """Return the paths below `folder` that `pattern` names, sorted, also while another process removes folders."""
    while True:
        with suppress(FileNotFoundError):  # a folder that was seen and is gone now
            return sorted(folder.glob(pattern))


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of the file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _draft_of(path: Path) -> Iterator[Path]:
    """Yield a path of the same name in a folder beside `path` that is gone when the block ends.

    A lock tells that its writer lives, also to who shares the folder from another container. Drafts that killed writers
    left are cleared away first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.glob(f".{glob.escape(path.name)}.draft-*"):
        _clear_if_left(other)
    folder, lock = _locked_folder(path)
    try:
        yield folder / path.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()


def _locked_folder(path: Path) -> tuple[Path, IO[bytes]]:
    """Make the folder of a draft; return it with its lock, held until it is closed."""
    while True:
        folder = path.parent / f".{path.name}.draft-{uuid4().hex[:12]}"
        folder.mkdir()
        lock = (folder / _LOCK).open("xb")
        if try_lock(lock) and folder.exists():
            return folder, lock
        lock.close()  # another process took it for a killed writer's, before it was locked


def _clear_if_left(draft: Path) -> None:
    try:
        with (draft / _LOCK).open("rb") as lock:
            if try_lock(lock):
                shutil.rmtree(draft, ignore_errors=True)
    except OSError:  # being made or cleared away, another user's, or of an earlier version, which did not lock
        with suppress(OSError):
            if time.time() - draft.lstat().st_mtime > _ABANDONED:
                shutil.rmtree(draft) if draft.is_dir() else draft.unlink()


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())

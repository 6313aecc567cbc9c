"""Files that are either whole or not there: written beside their place, then moved into it."""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from components.config.errors import ConfigError

_CHUNK = 1 << 20


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; it takes its place when the block ends without an error."""
    draft = _draft_of(path)
    try:
        yield draft
        _to_disk(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def whole_directory(path: Path) -> Iterator[Path]:
    """Yield an empty temporary directory; its content becomes `path` when the block ends without an error.

    What stood at `path` before is replaced as a whole.
    """
    draft = _draft_of(path)
    draft.mkdir()
    try:
        yield draft
        for file in draft.rglob("*"):
            if file.is_file():
                _to_disk(file)
        shutil.rmtree(path, ignore_errors=True)
        draft.replace(path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def scratch_directory(path: Path) -> Iterator[Path]:
    """Yield an empty directory beside `path`, on the same file system, that is gone when the block ends."""
    draft = _draft_of(path)
    draft.mkdir()
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file at `path` for the block; others wait. The kernel lets go of it when the holder is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


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


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of the file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _draft_of(path: Path) -> Path:
    """Return this process's draft of `path`, after clearing away those that killed processes left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for stale in path.parent.glob(f".{path.name}.draft-*"):
        writer = stale.name.rpartition("-")[2]
        if writer == str(os.getpid()) or not Path("/proc", writer).exists():
            shutil.rmtree(stale) if stale.is_dir() else stale.unlink(missing_ok=True)
    return path.parent / f".{path.name}.draft-{os.getpid()}"


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())

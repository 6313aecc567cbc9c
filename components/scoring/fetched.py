"""A source that lies elsewhere, brought here once for all shards of this machine."""

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs

from components.config.errors import ConfigError, DataError
from components.config.passwords import without_password
from components.config.settings import STATE
from components.system.files import whole_file
from components.system.locks import locked

FOLDER = STATE / "sources"


def fetched(source: str) -> Path:
    """Return the path of the source: itself, or the copy of what lies at the address, with the same names and times.

    Raises:
        ConfigError: nothing lies there, or fsspec does not know such an address.
        DataError: it cannot be read.
    """
    if "://" not in source:
        return Path(source).resolve()
    shown = without_password(source)
    try:
        files, root = url_to_fs(source, use_listings_cache=False)
        found: dict[str, dict[str, Any]] = files.find(root, detail=True)
    except (ImportError, ValueError) as error:
        raise ConfigError(f"{shown}: {without_password(str(error))}") from error
    except Exception as error:  # each file system raises errors of its own
        raise DataError(f"{shown}: {type(error).__name__}: {without_password(str(error))}") from error
    if not found:
        raise ConfigError(f"{shown}: no such file or folder")
    folder = FOLDER / hashlib.sha256(source.encode()).hexdigest()[:16]
    top = folder / Path(root).name
    with locked(folder.with_suffix(".lock")):
        for name, about in sorted(found.items()):
            _bring(files, name, about, top / os.path.relpath(name, root) if name != root else top, shown)
        _forget_others(top, {os.path.relpath(name, root) for name in found} if list(found) != [root] else None)
    return top.resolve()


def _bring(files: Any, name: str, about: dict[str, Any], to: Path, shown: str) -> None:
    """Copy a file, unless it is here; its time is that of the store, so that every machine sees the same source."""
    size, time_ns = int(about["size"] or 0), _time_ns(about)
    if to.is_file() and (to.stat().st_size, to.stat().st_mtime_ns) == (size, time_ns):
        return
    try:
        with whole_file(to) as draft:
            files.get_file(name, str(draft))
            os.utime(draft, ns=(time_ns, time_ns))
    except Exception as error:
        raise DataError(f"{shown}: {name}: {type(error).__name__}: {without_password(str(error))}") from error


def _time_ns(about: dict[str, Any]) -> int:
    said = about.get("LastModified") or about.get("created") or about.get("mtime") or 0
    seconds = said.timestamp() if isinstance(said, datetime) else float(said)
    return round(seconds) * 1_000_000_000


def _forget_others(top: Path, names: set[str] | None) -> None:
    """Remove what the address has no more."""
    if names is None:
        return
    for path in top.rglob("*"):
        if path.is_file() and str(path.relative_to(top)) not in names:
            path.unlink()

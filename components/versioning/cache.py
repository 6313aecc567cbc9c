"""DVC's cache: where it is, and what of an output it lacks."""

import json
import subprocess
from pathlib import Path

from components.config.errors import RegistryError
from components.versioning.dvc import program


def cache_folder() -> Path:
    """Return the folder of this repository's cache.

    Raises:
        RegistryError: DVC does not tell.
    """
    done = subprocess.run([*program(), "cache", "dir"], capture_output=True, text=True)
    if done.returncode != 0:
        raise RegistryError(f"dvc cache dir: {done.stderr.strip()}")
    return Path(done.stdout.strip()).resolve()


def missing_files(path: str, md5: str, cache: Path) -> list[str]:
    """Return the files of an output that the cache lacks, each with its MD5.

    Args:
        path: of the output, a file or a directory.
        md5: the hash that DVC recorded; a directory's ends in `.dir`.
        cache: the folder of DVC's cache.
    """
    if not _file(cache, md5).exists():
        return [f"{path} (md5 {md5})"]
    if not md5.endswith(".dir"):
        return []
    entries = json.loads(_file(cache, md5).read_text())
    return [
        f"{path}/{entry['relpath']} (md5 {entry['md5']})"
        for entry in entries
        if not _file(cache, entry["md5"]).exists()
    ]


def _file(cache: Path, md5: str) -> Path:
    """Return where DVC keeps what has that hash."""
    return cache / "files" / "md5" / md5[:2] / md5[2:]

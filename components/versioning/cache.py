"""DVC's cache: where it is, and what of an output it lacks."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from components.config.errors import RegistryError
from components.versioning.dvc import program
from components.versioning.lock import Stage, as_stage, read_yaml


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
    if not cache_file(cache, md5).exists():
        return [f"{path} (md5 {md5})"]
    if not md5.endswith(".dir"):
        return []
    entries = json.loads(cache_file(cache, md5).read_text())
    return [
        f"{path}/{entry['relpath']} (md5 {entry['md5']})"
        for entry in entries
        if not cache_file(cache, entry["md5"]).exists()
    ]


def recorded(cache: Path) -> Iterator[Stage]:
    """Yield each run of a stage, of any workload, that DVC's run cache knows."""
    for path in sorted((cache / "runs").glob("*/*/*")):
        if path.is_file():
            yield as_stage(read_yaml(path))


def files_of(path: str, md5: str, cache: Path) -> dict[str, Path]:
    """Return where the cache keeps an output's files, by their path; those that it lacks are left out.

    Args:
        path: of the output, a file or a directory.
        md5: the hash that DVC recorded; a directory's ends in `.dir`.
        cache: the folder of DVC's cache.
    """
    listing = cache_file(cache, md5)
    if not listing.exists():
        return {}
    if not md5.endswith(".dir"):
        return {path: listing}
    entries = json.loads(listing.read_text())
    found = {f"{path}/{entry['relpath']}": cache_file(cache, entry["md5"]) for entry in entries}
    return {name: file for name, file in found.items() if file.exists()}


def cache_file(cache: Path, md5: str) -> Path:
    """Return where DVC keeps what has that hash."""
    return cache / "files" / "md5" / md5[:2] / md5[2:]

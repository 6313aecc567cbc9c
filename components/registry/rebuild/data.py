"""The raw records of a version in DVC's cache: all there, or what of them is gone."""

import json
from pathlib import Path

from components.registry.lineage import Lineage


def gone(made_of: Lineage, cache: Path) -> list[str]:
    """Return the files of the raw records that the cache lacks, each with its MD5.

    Args:
        made_of: the version's lineage.
        cache: the folder of DVC's cache.
    """
    ((path, md5),) = made_of.stages["ingest"].outs.items()
    if not _place(cache, md5).exists():
        return [f"{path} (md5 {md5})"]
    if not md5.endswith(".dir"):
        return []
    entries = json.loads(_place(cache, md5).read_text())
    return [
        f"{path}/{entry['relpath']} (md5 {entry['md5']})"
        for entry in entries
        if not _place(cache, entry["md5"]).exists()
    ]


def _place(cache: Path, md5: str) -> Path:
    """Return where DVC keeps what has that hash."""
    return cache / "files" / "md5" / md5[:2] / md5[2:]

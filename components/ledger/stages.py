"""Which of a stage's runs has made what lies under `artifacts/`: each line keeps a hash of what its stage has written.

DVC may skip a stage, or restore what it made a month ago. What it cost then still belongs to the version.
"""

import hashlib
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from components.config.settings import artifacts

OUTPUTS = {
    "resolve": ("parameters",),
    "ingest": ("raw",),
    "prepare": ("prepared",),
    "backbone": ("backbone",),
    "train": ("weights",),
    "export": ("bundle", "bundle-float16", "bundle-int8"),
    "cross_validate": ("cross_validation",),
    "evaluate": ("report/metrics.json", "report/precisions.json", "report/served.json"),
}
"""What each stage of `dvc.yaml` writes under `artifacts/WORKLOAD`."""
_SMALL = 64 * 1024  # bytes up to which a file counts by its content; a larger one counts by its size
_FILES = 256  # that count, by name


def output_key(workload: str, stage: str) -> str:
    """Return a hash of what the stage has written; empty: it has written nothing, or is none of `dvc.yaml`.

    Small files count by their content, among them the run's id, which no other training has, and descriptions with the
    hashes of what they describe; large ones by their size, so that it takes a millisecond.
    """
    digest, found = hashlib.sha256(), False
    for output in OUTPUTS.get(stage, ()):
        path = artifacts(workload, output)
        for file in islice(_files(path), _FILES):
            size, found = file.stat().st_size, True
            digest.update(f"{file.relative_to(path.parent)}\0{size}\0".encode())
            if size <= _SMALL:
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16] if found else ""


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders.sort()
        yield from (Path(folder, name) for name in sorted(names))

"""A training from live answers: what the next `ingest` takes while it runs, and what stood there if it does not end.

    1. kept       what lies in data/inbox/.live/<workload>/ is copied to state/retrain/<workload>.before
    2. written    the answers to learn from replace it
    3. trained    the block
    4. ended      the copy goes, then the labels count as learnt

Whoever is killed between 1 and 4 leaves the copy; `put_back` has the next run begin where the killed one did.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from components.config.settings import LIVE, artifacts, live_before
from components.data.ingest import ingest
from components.retraining.manifest import Live, note_learnt, write
from components.system.files import whole_directory
from components.system.locks import locked, try_lock


@contextmanager
def learning_from(workload: str, live: Live, beside: Mapping[str, pa.Table] | None = None) -> Iterator[None]:
    """Have the block's `ingest` take these answers; where it does not end well, the next takes those of before.

    Args:
        workload: whose.
        live: the answers with labels.
        beside: see `write`.
    """
    folder, kept = LIVE / workload, live_before(workload)
    with locked(_lock(workload)):
        _put_back(workload)
        with whole_directory(kept) as draft:
            if folder.exists():
                shutil.copytree(folder, draft, dirs_exist_ok=True)
        try:
            write(workload, live, beside)
            yield
        except BaseException:
            _put_back(workload)
            raise
        _remove(kept)
        note_learnt(workload, live)


def put_back(workload: str) -> None:
    """Put back what a run has left that was killed; nothing, where none has, or one trains just now."""
    path = _lock(workload)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        if try_lock(file):
            _put_back(workload)


def _lock(workload: str) -> Path:
    return live_before(workload).with_suffix(".training")


def _put_back(workload: str) -> None:
    folder, kept = LIVE / workload, live_before(workload)
    if not kept.exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    if any(kept.iterdir()):
        with whole_directory(folder) as draft:
            shutil.copytree(kept, draft, dirs_exist_ok=True)
    if not artifacts(workload, "raw").exists():  # it was killed while `ingest` put its own in their place
        ingest(workload)
    _remove(kept)


def _remove(kept: Path) -> None:
    """Remove it at once: killed, it is there whole, or not at all."""
    shutil.rmtree(gone := kept.with_suffix(".gone"), ignore_errors=True)
    kept.replace(gone)
    shutil.rmtree(gone)

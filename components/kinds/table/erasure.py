"""What of somebody is kept beside the records of a table: in an endpoint's memory, and in what it is seeded with."""

import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from components.kinds.table.codec.event_store import EventStore
from components.kinds.table.codec.reader import SEED
from components.kinds.table.params import Workload

BY_FILE = False
KEPT: tuple[str, ...] = (SEED,)


def entities(workload: Workload) -> tuple[str, ...]:
    """Return the columns of the entities, and that of the group."""
    group = workload.prepare.columns.group
    return (*workload.prepare.entities, *([group] if group else ()))


def key(workload: Workload) -> str | None:
    """Return the column with the id of a record."""
    return workload.prepare.columns.id


def remembered(name: str, workload: Workload, memory: str, column: str, value: str) -> list[str]:
    """Return the ids of the records that the memory has of somebody; raises what `EventStore` does."""
    with _opened(name, workload, memory, column) as store:
        return store.ids_of(_entity(workload, column), value) if store else []


def erase_remembered(name: str, workload: Workload, memory: str, column: str, value: str) -> int:
    """Remove somebody's records from the memory; return how many. Raises what `EventStore` does."""
    with _opened(name, workload, memory, column) as store:
        return store.erase(_entity(workload, column), value, time.time_ns() // 1_000_000) if store else 0


def erase_kept(path: Path, workload: Workload, column: str, value: str, draft: Path) -> int:
    """Write the seed at `path` without somebody's records to `draft`; return how many it had."""
    array = "id" if column == key(workload) else f"entity_{column}"
    with np.load(path) as seed:
        if array not in seed.files:
            return 0
        kept = seed[array] != value
        count = int((~kept).sum())
        if count:
            # as `write_seed` does, one array after the other; members are dated 1980
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                for name in seed.files:
                    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                        npy.write_array(file, seed[name][kept], version=(1, 0))
    return count


@contextmanager
def _opened(name: str, workload: Workload, memory: str, column: str) -> Iterator[EventStore | None]:
    """Open the memory; None: nothing of that column is remembered there. A file that is not there is not made."""
    names, file = list(workload.prepare.entities), memory.removeprefix("sqlite:///")
    known = column == key(workload) or column in names
    if not names or not known or (file != memory and not Path(file).exists()):
        yield None
        return
    with closing(EventStore(memory, name, names, 0)) as store:
        yield store


def _entity(workload: Workload, column: str) -> str | None:
    return None if column == key(workload) else column

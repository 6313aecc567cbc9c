"""What of a user is kept beside the interactions: in an endpoint's memory, and in what it is seeded with."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from components.kinds.interactions.codec.item_store import ItemStore
from components.kinds.interactions.codec.seed import SEED, read_seed, write_seed
from components.kinds.interactions.params import Workload

BY_FILE = False
KEPT: tuple[str, ...] = (SEED,)


def entities(workload: Workload) -> tuple[str, ...]:
    """Return the column of users, where the section names it."""
    return (workload.prepare.user,) if workload.prepare.user else ()


def key(workload: Any) -> None:
    """Return None: an interaction has no key of its own."""


def remembered(name: str, workload: Workload, memory: str, column: str, value: str) -> list[str]:
    """Return nothing: what is remembered has no key."""
    return []


def erase_remembered(name: str, workload: Workload, memory: str, column: str, value: str) -> int:
    """Remove what the memory has of a user; return how many items. Raises what `ItemStore` does."""
    with _opened(name, workload, memory, column) as store:
        return store.erase(value, time.time_ns() // 1_000_000) if store else 0


def erase_kept(path: Path, workload: Workload, column: str, value: str, draft: Path) -> int:
    """Write the seed at `path` without a user's items to `draft`; return how many it had."""
    if column not in entities(workload):
        return 0
    users, items, times = read_seed(path)
    kept = users != value
    count = int((~kept).sum())
    if count:
        write_seed(draft, users[kept], items[kept], times[kept])
    return count


@contextmanager
def _opened(name: str, workload: Workload, memory: str, column: str) -> Iterator[ItemStore | None]:
    """Open the memory; None: nobody of that column is remembered. A file that is not there is not made."""
    file = memory.removeprefix("sqlite:///")
    if column not in entities(workload) or (file != memory and not Path(file).exists()):
        yield None
        return
    with closing(ItemStore(memory, name)) as store:
        yield store

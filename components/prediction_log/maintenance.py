"""Who moves, removes or rewrites files of a log does it alone; workers append meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from components.system.locks import try_lock

LOCK = "compaction.lock"


@contextmanager
def maintained(folder: Path) -> Iterator[bool]:
    """Have the block be the only one that moves or removes files of the log; False: another process is at it."""
    with (folder / LOCK).open("w") as lock:
        yield try_lock(lock)

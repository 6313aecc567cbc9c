"""Work that gives way to all other."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")

_LOWEST = 19  # niceness


def gently(work: Callable[[], Result]) -> Result:
    """Return what `work` does, done in a thread of its own of the lowest priority.

    Linux gives each thread its own (nice(2)), and nobody but root raises one again: so no other work is slowed.
    """
    with ThreadPoolExecutor(1, "gently", _give_way) as pool:
        return pool.submit(work).result()


def _give_way() -> None:
    with suppress(OSError):
        os.nice(_LOWEST)

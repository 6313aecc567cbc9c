"""What `erasure.py` offers of a kind whose examples stand alone: nobody is named in them, and none is remembered."""

from pathlib import Path
from typing import Any

KEPT: tuple[str, ...] = ()


def entities(workload: Any) -> tuple[str, ...]:
    """Return nothing: no column names somebody."""
    return ()


def remembered(name: str, workload: Any, memory: str, column: str, value: str) -> list[str]:
    """Return nothing: no example is remembered."""
    return []


def erase_remembered(name: str, workload: Any, memory: str, column: str, value: str) -> int:
    """Return 0: no example is remembered."""
    return 0


def erase_kept(path: Path, workload: Any, column: str, value: str, draft: Path) -> int:
    """Return 0: a bundle has no example in it."""
    return 0

"""Recordings name nobody, and an endpoint remembers none; one is erased by its file's name."""

from pathlib import Path
from typing import Any

BY_FILE = True
KEPT: tuple[str, ...] = ()


def entities(workload: Any) -> tuple[str, ...]:
    """Return nothing: no column names somebody."""
    return ()


def key(workload: Any) -> str:
    """Return the column of the raw records that holds a recording's name."""
    return "name"


def remembered(name: str, workload: Any, memory: str, column: str, value: str) -> list[str]:
    """Return nothing: no recording is remembered."""
    return []


def erase_remembered(name: str, workload: Any, memory: str, column: str, value: str) -> int:
    """Return 0: no recording is remembered."""
    return 0


def erase_kept(path: Path, workload: Any, column: str, value: str, draft: Path) -> int:
    """Return 0: a bundle has no recording in it."""
    return 0

"""Texts name nobody in a column, and an endpoint remembers none; one is erased by its name among the raw records."""

from pathlib import Path
from typing import Any

from components.kinds.text.params.columns import NAME

BY_FILE = False
KEPT: tuple[str, ...] = ()


def entities(workload: Any) -> tuple[str, ...]:
    """Return nothing: no column names somebody."""
    return ()


def key(workload: Any) -> str:
    """Return the column of the raw records that holds a text's name."""
    return NAME


def remembered(name: str, workload: Any, memory: str, column: str, value: str) -> list[str]:
    """Return nothing: no text is remembered."""
    return []


def erase_remembered(name: str, workload: Any, memory: str, column: str, value: str) -> int:
    """Return 0: no text is remembered."""
    return 0


def erase_kept(path: Path, workload: Any, column: str, value: str, draft: Path) -> int:
    """Return 0: a bundle keeps no text by somebody's name."""
    return 0

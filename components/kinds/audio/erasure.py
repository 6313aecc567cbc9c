"""Recordings name nobody, and an endpoint remembers none; one is erased by its file's name."""

from typing import Any

from components.kinds.unremembered import KEPT, entities, erase_kept, erase_remembered, remembered

__all__ = ["BY_FILE", "KEPT", "entities", "erase_kept", "erase_remembered", "key", "remembered"]

BY_FILE = True


def key(workload: Any) -> str:
    """Return the column of the raw records that holds a recording's name."""
    return "name"

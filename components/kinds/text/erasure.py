"""Texts name nobody in a column, and an endpoint remembers none; one is erased by its name among the raw records."""

from typing import Any

from components.kinds.text.params.columns import NAME
from components.kinds.unremembered import KEPT, entities, erase_kept, erase_remembered, remembered

__all__ = ["BY_FILE", "KEPT", "entities", "erase_kept", "erase_remembered", "key", "remembered"]

BY_FILE = False


def key(workload: Any) -> str:
    """Return the column of the raw records that holds a text's name."""
    return NAME

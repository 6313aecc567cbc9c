"""A column names the users; an endpoint remembers none of them, and no bundle has one in it."""

from typing import Any

from components.kinds.interactions.params import Workload
from components.kinds.unremembered import KEPT, erase_kept, erase_remembered, remembered

__all__ = ["BY_FILE", "KEPT", "entities", "erase_kept", "erase_remembered", "key", "remembered"]

BY_FILE = False


def entities(workload: Workload) -> tuple[str, ...]:
    """Return the column of users, where the section names it."""
    return (workload.prepare.user,) if workload.prepare.user else ()


def key(workload: Any) -> None:
    """Return None: an interaction has no key of its own."""

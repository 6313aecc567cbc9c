"""What a launcher says of a job."""

from dataclasses import dataclass


@dataclass(frozen=True)
class State:
    """What a launcher says of a job."""

    alive: bool
    """It waits or runs, or nobody knows."""
    said: str
    """In the launcher's words."""
    cancelled: bool = False
    """A person has ended it."""

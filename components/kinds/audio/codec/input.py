"""What the bundle says of a recording: JSON, written by `prepare`."""

from typing import TypedDict


class Input(TypedDict):
    """The samples that the model takes: one channel, 16 bits."""

    rate: int
    """Samples a second."""
    length: int
    """Samples."""

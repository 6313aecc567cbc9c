"""What the bundle says of a text: JSON, written by `prepare`."""

from typing import NotRequired, TypedDict


class Input(TypedDict):
    """The texts that the model takes."""

    length: int
    """Characters that are read of one, blanks included."""
    words: int
    """Words of one that count as words; runs of characters count up to `length`."""
    none: NotRequired[str]
    """The label of texts that are none of the classes; left out: there is none."""

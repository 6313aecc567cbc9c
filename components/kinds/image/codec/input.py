"""What the bundle says of a picture: JSON, written by `prepare`."""

from typing import NotRequired, TypedDict

DRAFT = 8
"""`Input.draft` of what is prepared from now on: chosen by `python -m benchmarks.draft`, see docs/edge.md."""
FIRST_DRAFT = 2
"""That of bundles which say none."""


class Input(TypedDict):
    """The pictures that the model takes."""

    height: int
    width: int
    channels: int
    """1: grey, 3: colour."""
    background: NotRequired[int]
    """Of what is transparent, 0 black to 255 white; left out: white."""
    levels: NotRequired[list[float]]
    """Black and white of pictures of more than 8 bits; left out: there were none in training."""
    draft: NotRequired[int]
    """A JPEG is decoded at 1/2, 1/4 or 1/8 of its size while it has so many times the pixels needed a side.

    Left out: 2.
    """
    formats: NotRequired[list[str]]
    """Formats of the training pictures that not every endpoint takes."""

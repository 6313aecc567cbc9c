"""What the bundle says of a picture: JSON, written by `prepare`."""

from typing import NotRequired, TypedDict


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
    formats: NotRequired[list[str]]
    """Formats of the training pictures that not every endpoint takes."""

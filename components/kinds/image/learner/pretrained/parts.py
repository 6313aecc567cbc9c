"""A pretrained network in parts: a first layer, stages, and what makes features of them."""

from typing import NamedTuple

from torch import nn


class Parts(NamedTuple):
    """What an architecture makes of a description."""

    network: nn.Sequential
    """Float `[N, 3, H, W]` -> maps, of which the means over all places are the features."""
    widths: list[int]
    """Channels of what each part gives."""
    strides: list[int]
    """Pixels of the picture from one place of a part's maps to the next, of each part but the last."""
    last: int
    """How many of the parts, from the end, learn with `tune: last`."""

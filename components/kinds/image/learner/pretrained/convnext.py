"""ConvNeXt: depthwise convolutions of 7 x 7, and layers that see every place alone, in the order of a transformer.

Liu et al. 2022, "A ConvNet for the 2020s" (arXiv:2201.03545). Without stochastic depth, which is of its own training.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from components.kinds.image.learner.pretrained.parts import Parts

_LAST = 2  # a stage, which has half of the weights, and the last norm
_STEM = 4  # pixels of a side that the first layer makes one place of
_EPSILON = 1e-6  # of the norms, as in the paper's code
_KERNEL = 7
_EXPAND = 4  # times as wide a block is inside
_SCALE = 1e-6  # of what a fresh block adds


def convnext(network: Mapping[str, Any]) -> Parts:
    """Return the network with fresh weights, which gives `[N, width, 1, 1]`: the means of maps, standardised.

    Args:
        network: `stages` of a description in `backbones/`; each but the first halves the maps before its blocks.
    """
    widths = [stage["width"] for stage in network["stages"]]
    parts: OrderedDict[str, nn.Module] = OrderedDict(stem=_Stem(widths[0]))
    for index, stage in enumerate(network["stages"]):
        halving = {"halving": _Halving(widths[index - 1], widths[index])} if index else {}
        blocks = {str(number): _Block(widths[index]) for number in range(stage["repeats"])}
        parts[f"stage{index + 1}"] = nn.Sequential(OrderedDict[str, nn.Module]({**halving, **blocks}))
    parts["head"] = _Head(widths[-1])
    strides = [_STEM << index for index in range(len(widths))]
    return Parts(nn.Sequential(parts), [widths[0], *widths, widths[-1]], [_STEM, *strides], _LAST)


class _Norm(nn.LayerNorm):
    """Standardises the channels of each place of the maps `[N, C, H, W]` (Ba et al. 2016, arXiv:1607.06450)."""

    def __init__(self, width: int) -> None:
        super().__init__(width, eps=_EPSILON)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the maps, standardised place by place."""
        return super().forward(maps.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class _Stem(nn.Module):
    """Makes one place of each 4 x 4 pixels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, width, _STEM, stride=_STEM)
        self.norm = _Norm(width)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the maps `[N, width, H / 4, W / 4]`."""
        found: Tensor = self.norm(self.convolution(pictures))
        return found


class _Halving(nn.Module):
    """Makes one place of each four."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.norm = _Norm(before)
        self.convolution = nn.Conv2d(before, after, 2, stride=2)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the maps `[N, after, H / 2, W / 2]`."""
        found: Tensor = self.convolution(self.norm(maps))
        return found


class _Block(nn.Module):
    """Adds to the maps what a depthwise convolution, and two layers of each place, make of them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, _KERNEL, padding=_KERNEL // 2, groups=width)
        self.norm = nn.LayerNorm(width, eps=_EPSILON)
        self.expand = nn.Linear(width, _EXPAND * width)
        self.project = nn.Linear(_EXPAND * width, width)
        self.scale = nn.Parameter(torch.full((width,), _SCALE))

    def forward(self, maps: Tensor) -> Tensor:
        """Return the maps `[N, width, H, W]`."""
        places = self.norm(self.depthwise(maps).permute(0, 2, 3, 1))
        found: Tensor = self.scale * self.project(functional.gelu(self.expand(places)))
        return maps + found.permute(0, 3, 1, 2)


class _Head(nn.Module):
    """The norm of the mean of the maps, itself a map of one place."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = _Norm(width)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the features `[N, width, 1, 1]`."""
        found: Tensor = self.norm(maps.mean(dim=(2, 3), keepdim=True))
        return found

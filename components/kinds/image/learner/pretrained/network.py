"""A pretrained network with a new head: a part that stays as it is, and a part that learns on."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from components.kinds.image.learner.pretrained.convnext import convnext
from components.kinds.image.learner.pretrained.efficientnet import efficientnet_lite

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ARCHITECTURES = {"efficientnet-lite": efficientnet_lite, "convnext": convnext}
"""What makes a network of `network` of a description, by its `architecture`."""

_BATCH_VALUES = 25_000_000  # of the pictures that the part that stays looks at at a time, 64 of 128 pixels a side


class PretrainedNetwork(nn.Module):
    """Standardised pictures float32 `[N, 3, S, S]` -> the head's numbers `[N, outputs]`, as `prior` at first.

    Pictures of another side than the network's are brought to it first.
    """

    def __init__(self, described: Mapping[str, Any], side: int, tune: str, prior: "NDArray[np.float32]") -> None:
        """Take the shape of the backbone from its description; its tensors come by `load`.

        Args:
            described: as in `backbones/`.
            side: in pixels, at which it looks at pictures; a multiple of 32.
            tune: what learns: `head`, `last` or `all`.
            prior: `[outputs]`.
        """
        super().__init__()
        self.side = side
        parts = ARCHITECTURES[described["architecture"]](described["network"])
        self.backbone, self.widths, self.strides = parts.network, parts.widths, parts.strides
        self.cut = {"head": len(self.backbone), "last": len(self.backbone) - parts.last, "all": 0}[tune]
        self.head = nn.Linear(self.widths[-1], len(prior))
        nn.init.zeros_(self.head.weight)
        with torch.no_grad():
            self.head.bias.copy_(torch.from_numpy(prior))
        self.backbone[: self.cut].requires_grad_(False)

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take the tensors of the backbone."""
        self.backbone.load_state_dict(dict(tensors), strict=False)  # none says how many batches a norm has seen

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the head's numbers."""
        raw: Tensor = self.head(self.features(pictures))
        return raw

    def features(self, pictures: Tensor) -> Tensor:
        """Return what the head is given, `[N, features]`."""
        return self.learned(self.kept(pictures))

    def with_stages(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return what the head is given, and the mean of the maps of each part before the last, `[N, width]` each."""
        maps, stages = _resized(pictures, self.side), list[Tensor]()
        for part in self.backbone:
            maps = part(maps)
            stages.append(maps.mean(dim=(2, 3)))
        return stages[-1], stages[:-1]

    def maps(self, pictures: Tensor, parts: Sequence[int]) -> list[Tensor]:
        """Return the maps `[N, width, h, w]` of the parts with these numbers; what is behind them is not computed."""
        maps, found = _resized(pictures, self.side), list[Tensor]()
        for number in range(max(parts) + 1):
            maps = self.backbone[number](maps)
            if number in parts:
                found.append(maps)
        return found

    def kept(self, pictures: Tensor) -> Tensor:
        """Return what the part that stays makes of the pictures; where everything stays, the features."""
        maps: Tensor = self.backbone[: self.cut](_resized(pictures, self.side))
        return maps.mean(dim=(2, 3)) if self.cut == len(self.backbone) else maps

    def learned(self, kept: Tensor) -> Tensor:
        """Return the features, `[N, features]`, from what `kept` returned."""
        if self.cut == len(self.backbone):
            return kept
        maps: Tensor = self.backbone[self.cut :](kept)
        return maps.mean(dim=(2, 3))


def _resized(pictures: Tensor, side: int) -> Tensor:
    """Return the pictures `[N, C, H, W]` with that side; larger ones are averaged by whole pixels first."""
    if (times := min(pictures.shape[2:]) // side) > 1:
        pictures = functional.avg_pool2d(pictures, times)
    if tuple(pictures.shape[2:]) == (side, side):
        return pictures
    return functional.interpolate(pictures, size=(side, side), mode="bilinear", align_corners=False)


def batch_for(side: int) -> int:
    """Return how many pictures of that side are looked at at a time where nothing is learned."""
    return max(1, _BATCH_VALUES // (24 * side**2))


def looked_at(sizes: list[int], size: int) -> int:
    """Return the side in pixels that pictures of `size` pixels are looked at in: a multiple of 32 within `sizes`."""
    least, most = sizes
    return min(most, max(least, round(size / 32) * 32))

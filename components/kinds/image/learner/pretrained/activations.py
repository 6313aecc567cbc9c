"""What the part of a network that stays makes of pictures: computed once, learned from in every epoch."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from components.kinds.image.learner.pretrained.network import PretrainedNetwork, batch_for

MOST_BYTES = 4 << 30
"""Of memory for the activations of a training; where they would take more, each step computes them anew."""


def fits(network: PretrainedNetwork, examples: int) -> bool:
    """Whether the activations of so many pictures and their mirror images may be kept."""
    one = network.kept(torch.zeros(1, 3, network.side, network.side))
    return 2 * examples * one.numel() * 2 <= MOST_BYTES


@dataclass(frozen=True)
class Mirror:
    """Takes of half of the pictures the activations of the mirror image, of the others those of the picture."""

    def __call__(self, kept: Tensor, generator: torch.Generator, count: int, part: slice) -> Tensor:
        """Return `[N, ...]` of `[N, ways, ...]`, the part `part` of a batch of `count`."""
        way = torch.randint(0, kept.shape[1], (count,), generator=generator)[part]
        return kept[torch.arange(len(kept)), way]


def activations(
    network: PretrainedNetwork, preprocessing: nn.Module, pictures: NDArray[np.uint8], mirrored: bool
) -> NDArray[np.float16]:
    """Return what the part that stays makes of the pictures `[N, H, W, C]`: `[N, 1, ...]`, `mirrored`: `[N, 2, ...]`.

    In 16 bits; the second is that of the mirror image.
    """
    batch, found = batch_for(network.side), []
    device = next(network.parameters()).device
    with torch.inference_mode():
        for start in range(0, len(pictures), batch):
            seen = preprocessing(torch.from_numpy(np.array(pictures[start : start + batch])).to(device))
            ways = [network.kept(way).half().cpu() for way in ((seen, seen.flip(3)) if mirrored else (seen,))]
            found.append(torch.stack(ways, dim=1).numpy())
    return np.concatenate(found)

"""Strong augmentation: a picture that is hard to recognise, and still is."""

from dataclasses import dataclass
from math import log, radians

import torch
from torch import Tensor
from torch.nn import functional

from components.kinds.image.learner.augment import erased

_TURNED = radians(30.0)
_SHEARED = 0.3
_SCALED = 1.2  # times as large or as small, each way of its own
_MOVED = 0.2  # of half a side
_CONTRAST = 1.5  # times its own, or by so much less
_LIGHT = 0.2  # of the full scale
_ERASED = 0.5  # of the pictures lose a rectangle


@dataclass(frozen=True)
class StrongAugmentation:
    """Turns, shears, scales and moves every picture, changes its light and contrast, and erases a part of half of them.

    The changes are those of RandAugment (Cubuk et al. 2019, arXiv:1909.13719) that keep what is in a picture, all of
    them at once, each by a strength of its own; FixMatch cuts a square out of every picture besides.
    """

    flip: bool
    """Mirror half of them."""

    def __call__(self, pictures: Tensor, generator: torch.Generator, count: int, part: slice) -> Tensor:
        """Return the pictures uint8 `[N, H, W, C]`, the part `part` of a batch of `count`, augmented."""
        chances = torch.rand(9, count, generator=generator)[:, part]
        cut = torch.rand(6, count, 1, generator=generator)[:, part]
        height, width = pictures.shape[1:3]
        places = functional.affine_grid(self._moves(chances), [len(pictures), 1, height, width], align_corners=False)
        seen = functional.grid_sample(
            pictures.permute(0, 3, 1, 2).float(), places, padding_mode="reflection", align_corners=False
        )
        seen = _relit(seen, chances[7], chances[8]).permute(0, 2, 3, 1)
        return erased(seen.round().to(torch.uint8), cut, _ERASED)

    def _moves(self, chances: Tensor) -> Tensor:
        """Return the affine map of each picture, `[N, 2, 3]`, of seven chances `[7, N]` from 0 to 1."""
        angle, shear, across, along, right, down = 2 * chances[:6] - 1
        cosine, sine = torch.cos(_TURNED * angle), torch.sin(_TURNED * angle)
        mirrored = 1 - 2 * ((chances[6] < 0.5) & torch.tensor(self.flip)).float()
        across, along = torch.exp(log(_SCALED) * across), torch.exp(log(_SCALED) * along)
        first = (cosine * across * mirrored, (_SHEARED * shear * cosine - sine) * across, _MOVED * right)
        second = (sine * along * mirrored, (_SHEARED * shear * sine + cosine) * along, _MOVED * down)
        return torch.stack([torch.stack(first, dim=1), torch.stack(second, dim=1)], dim=1)


def _relit(pictures: Tensor, contrast: Tensor, light: Tensor) -> Tensor:
    """Return float `[N, C, H, W]` within 0 to 255 with other contrast and light, by chances `[N]` from 0 to 1."""
    middle = pictures.mean(dim=(1, 2, 3), keepdim=True)
    times, more = (chance.view(-1, 1, 1, 1) for chance in (torch.exp(log(_CONTRAST) * (2 * contrast - 1)), light))
    return ((pictures - middle) * times + middle + 255 * _LIGHT * (2 * more - 1)).clamp(0, 255)

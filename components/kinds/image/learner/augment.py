"""Augmentation, one gather for a whole batch. The numbers are drawn for all of it, whatever part of it is here."""

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from components.kinds.image.params import Train

_VARIED = 0.25  # of pictures in colour, where it is left to us; grey ones stay as the recipes were chosen on them
_ERASED_AREA = (0.02, 0.25)  # of the picture
_LIGHT = 0.2  # of the full scale, that a picture is lighter or darker by at most
_CONTRAST = (0.5, 1.2)  # times its own
_NOISE = 0.1  # of the full scale: standard deviation, at most
_ERASED_ASPECT = 0.3  # of the flattest rectangle; its inverse of the tallest


@dataclass(frozen=True)
class Augmentation:
    """What may happen to a training picture."""

    flip: bool
    """Mirror half of them."""
    shift: int
    """Move each by up to so many pixels each way, reflected at the border."""
    erase: float
    """Share of them that lose a rectangle."""
    vary: float = 0.0
    """Share of them that are seen in another light, and with noise."""

    def __call__(self, pictures: Tensor, generator: torch.Generator, count: int, part: slice) -> Tensor:
        """Return the pictures as `augment` does."""
        return augment(pictures, generator, self, count, part)


def augmentation(config: "Train", channels: int) -> Augmentation:
    """Return what may happen to a training picture of so many channels."""
    vary = (_VARIED if channels > 1 else 0.0) if config.vary == "auto" else config.vary
    return Augmentation(config.flip, config.shift, config.erase, vary)


def augment(pictures: Tensor, generator: torch.Generator, how: Augmentation, count: int, part: slice) -> Tensor:
    """Return the pictures moved, mirrored, erased and varied.

    Args:
        pictures: uint8 `[N, H, W, C]`, the part `part` of a batch of `count`.
        generator: the batch's own. The parts of a batch, each with the same generator anew, make the whole.
        how: what may happen to a picture.
        count: how many pictures the whole batch has.
        part: which of them these are.
    """
    _, height, width, _ = pictures.shape
    shifts = torch.randint(-how.shift, how.shift + 1, (2, count, 1), generator=generator)[:, part]
    rows = _reflected(torch.arange(height) + shifts[0], height)
    columns = _reflected(torch.arange(width) + shifts[1], width)
    if how.flip:
        mirrored = torch.randint(0, 2, (count, 1), generator=generator, dtype=torch.bool)[part]
        columns = torch.where(mirrored, width - 1 - columns, columns)
    moved = _gathered(pictures, rows, columns)
    if how.erase:
        moved = erased(moved, torch.rand(6, count, 1, generator=generator)[:, part], how.erase)
    return _varied(moved, generator, how.vary, count, part) if how.vary else moved


def _gathered(pictures: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Take from each picture the pixels at its `rows` `[N, H]` and `columns` `[N, W]`: numpy's flat take is fastest."""
    count, height, width, channels = pictures.shape
    indices = (torch.arange(count)[:, None, None] * height + rows[:, :, None]) * width + columns[:, None, :]
    taken = pictures.numpy().reshape(-1, channels).take(indices.numpy(), axis=0, mode="clip")
    return torch.from_numpy(taken)


def _reflected(indices: Tensor, size: int) -> Tensor:
    """Return indices outside 0 .. size - 1 mirrored at the first or last pixel, which is not repeated."""
    period = 2 * (size - 1)
    indices = indices % period
    return torch.minimum(indices, period - indices)


def erased(pictures: Tensor, chances: Tensor, share: float) -> Tensor:
    """Fill a rectangle in a share of the pictures with one shade each (Zhong et al. 2017, arXiv:1708.04896).

    `chances` `[6, N, 1]` from 0 to 1: whether at all, area, aspect, from which row, from which column, shade.
    """
    _, height, width, _ = pictures.shape
    least, most = _ERASED_AREA
    area = (least + (most - least) * chances[1]) * height * width
    aspect = torch.exp((2 * chances[2] - 1) * log(_ERASED_ASPECT))
    rows = _inside(chances[3], (area * aspect).sqrt(), height)
    columns = _inside(chances[4], (area / aspect).sqrt(), width)
    erased = (chances[0] < share)[:, :, None] & rows[:, :, None] & columns[:, None, :]
    shade = (256 * chances[5]).to(torch.uint8)[:, :, None, None]
    return torch.where(erased[..., None], shade, pictures)


def _varied(pictures: Tensor, generator: torch.Generator, share: float, count: int, part: slice) -> Tensor:
    """See a share of the pictures in another light, with more or less contrast, and with noise."""
    chances = torch.rand(4, count, 1, 1, 1, generator=generator)[:, part]
    noise = torch.randn(count, *pictures.shape[1:], generator=generator)[part]
    chosen = chances[0, :, 0, 0, 0] < share
    light, contrast, amount = (chance[chosen] for chance in chances[1:])
    some = pictures[chosen].float()
    low, high = _CONTRAST
    middle = some.mean(dim=(1, 2, 3), keepdim=True)
    seen = (some - middle) * (low + (high - low) * contrast) + middle
    seen += 255 * (_LIGHT * (2 * light - 1) + _NOISE * amount * noise[chosen])
    varied = pictures.clone()
    varied[chosen] = seen.clamp(0, 255).to(torch.uint8)
    return varied


def _inside(start: Tensor, length: Tensor, size: int) -> Tensor:
    """Return which indices of 0 .. size - 1 lie in an interval of `length`, `start` its share of the room there is."""
    length = length.round().clamp(1, size)
    first = (start * (size - length + 1)).floor()
    indices = torch.arange(size)
    return (indices >= first) & (indices < first + length)

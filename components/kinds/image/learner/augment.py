"""Augmentation, one gather for a whole batch. The numbers are drawn for all of it, whatever part of it is here."""

from dataclasses import dataclass
from math import log

import torch
from torch import Tensor

_ERASED_AREA = (0.02, 0.25)  # of the picture
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


def augment(pictures: Tensor, generator: torch.Generator, how: Augmentation, count: int, part: slice) -> Tensor:
    """Return the pictures moved, mirrored and erased.

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
    return _erased(moved, torch.rand(6, count, 1, generator=generator)[:, part], how.erase) if how.erase else moved


def _gathered(pictures: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Take from each picture the pixels at its `rows` `[N, H]` and `columns` `[N, W]`: numpy's flat take is fastest."""
    count, height, width, channels = pictures.shape
    places = (torch.arange(count)[:, None, None] * height + rows[:, :, None]) * width + columns[:, None, :]
    taken = pictures.numpy().reshape(-1, channels).take(places.numpy(), axis=0, mode="clip")
    return torch.from_numpy(taken)


def _reflected(places: Tensor, size: int) -> Tensor:
    """Return places outside 0 .. size - 1 mirrored at the first or last pixel, which is not repeated."""
    period = 2 * (size - 1)
    places = places % period
    return torch.minimum(places, period - places)


def _erased(pictures: Tensor, chances: Tensor, share: float) -> Tensor:
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


def _inside(start: Tensor, length: Tensor, size: int) -> Tensor:
    """Return which places of 0 .. size - 1 lie in an interval of `length`, `start` its share of the room there is."""
    length = length.round().clamp(1, size)
    first = (start * (size - length + 1)).floor()
    places = torch.arange(size)
    return (places >= first) & (places < first + length)

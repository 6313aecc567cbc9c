"""What may happen to a recording while it is learned from; every number is drawn from torch's generator of the step."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from components.kinds.audio.params import Train

_GAIN = (-12.0, 6.0)  # decibels
_NOISE_SPAN = 45.0  # decibels from the loudest noise to the softest
_IN_FREQUENCY = 0.6  # of the stretch in time
_MASKED = (0.2, 0.15)  # most of the frequencies, of the time
_NO_NOISE = 100.0


def heard(sounds: Tensor, rate: int, config: "Train") -> Tensor:
    """Return samples `[N, length]` of -1 to 1 faster or slower, moved, in white noise, louder or softer."""
    count, length = sounds.shape
    factor = _factors(count, config.speed, sounds.device)[:, None]
    by = _between(-config.shift * rate, config.shift * rate, count, sounds.device)[:, None]
    places = (torch.arange(length, device=sounds.device) - length / 2) * factor + length / 2 + by
    first = places.floor()
    part, index = places - first, first.long()
    there = (index >= 0) & (index < length - 1)
    index = index.clamp(0, length - 2)
    moved = (sounds.gather(1, index) * (1 - part) + sounds.gather(1, index + 1) * part) * there
    if config.noise < _NO_NOISE:
        above = _between(config.noise, config.noise + _NOISE_SPAN, count, sounds.device)[:, None]
        loudness = moved.square().mean(dim=1, keepdim=True).sqrt()
        moved = moved + torch.randn_like(moved) * loudness * _times(-above)
    return moved * _times(_between(*_GAIN, count, sounds.device)[:, None])


def seen(spectrum: Tensor, config: "Train") -> Tensor:
    """Return log-mel spectra `[N, mels, frames]` stretched, and with parts masked.

    To stretch frequencies stands for another length of the vocal tract (Jaitly and Hinton 2013); masks as SpecAugment
    has them (Park et al. 2019, arXiv:1904.08779).
    """
    stretched = _stretched(spectrum, config.stretch) if config.stretch else spectrum
    for _ in range(config.mask):
        for dimension, share in zip((1, 2), _MASKED, strict=True):
            stretched = _masked(stretched, dimension, share)
    return stretched


def _stretched(spectrum: Tensor, most: float) -> Tensor:
    count, mels, frames = spectrum.shape
    device = spectrum.device
    down = (torch.arange(mels, device=device) + 0.5) * _factors(count, _IN_FREQUENCY * most, device)[:, None]
    along = torch.linspace(-1.0, 1.0, frames, device=device) * _factors(count, most, device)[:, None]
    grid = torch.stack(
        [along[:, None, :].expand(count, mels, frames), (2 * down / mels - 1)[:, :, None].expand(count, mels, frames)],
        dim=-1,
    )
    return functional.grid_sample(spectrum[:, None], grid, padding_mode="border", align_corners=False)[:, 0]


def _masked(spectrum: Tensor, dimension: int, share: float) -> Tensor:
    """Put each spectrum's mean into a span of a dimension, at most `share` of it."""
    count, size = len(spectrum), spectrum.shape[dimension]
    long = _between(0.0, share * size + 1, count, spectrum.device).floor()
    start = (_between(0.0, 1.0, count, spectrum.device) * (size - long)).floor()
    places = torch.arange(size, device=spectrum.device)
    inside = (places >= start[:, None]) & (places < (start + long)[:, None])
    inside = inside[:, :, None] if dimension == 1 else inside[:, None, :]
    return torch.where(inside, spectrum.mean(dim=(1, 2), keepdim=True), spectrum)


def _factors(count: int, most: float, device: torch.device) -> Tensor:
    """Return factors from 1 / (1 + most) to 1 + most, as often above 1 as below."""
    reach = torch.log1p(torch.tensor(most)).item()
    return _between(-reach, reach, count, device).exp()


def _between(low: float, high: float, count: int, device: torch.device) -> Tensor:
    return low + (high - low) * torch.rand(count, device=device)


def _times(decibels: Tensor) -> Tensor:
    return 10.0 ** (decibels / 20.0)

"""What may happen to a recording while it is learned from; every number is drawn from torch's generator of the step."""

from math import ceil, log2
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.distributions import Beta
from torch.nn import functional

if TYPE_CHECKING:
    from components.kinds.audio.params import Train

_GAIN = (-12.0, 6.0)  # decibels
_NOISE_SPAN = 45.0  # decibels from the loudest noise to the softest
_IN_FREQUENCY = 0.6  # of the stretch in time
_MASKED = (0.2, 0.15)  # most of the frequencies, of the time
_NO_NOISE = 100.0
_CUT = 0.5  # of the recordings have noise that begins and ends with them
_POINTS = 5  # of a curve over the frequencies
_FALL = 1.7  # of the coloration: decibels that the highest frequency may lose besides
_CORNER = 700.0  # Hz, from which the mel scale is logarithmic
_MIXED = 0.5  # of the batches


def heard(sounds: Tensor, rate: int, config: "Train") -> Tensor:
    """Return samples `[N, length]` of -1 to 1 faster or slower, moved, through a filter, in noise, louder or softer.

    Noise is put to all of it, or to what lies between its first and its last sound: who cuts a recording to the word
    cuts its noise as well.
    """
    count, length = sounds.shape
    factor = _factors(count, config.speed, sounds.device)[:, None]
    by = _between(-config.shift * rate, config.shift * rate, count, sounds.device)[:, None]
    places = (torch.arange(length, device=sounds.device) - length / 2) * factor + length / 2 + by
    first = places.floor()
    part, index = places - first, first.long()
    there = (index >= 0) & (index < length - 1)
    index = index.clamp(0, length - 2)
    moved = (sounds.gather(1, index) * (1 - part) + sounds.gather(1, index + 1) * part) * there
    inside = _between_ends(moved != 0)
    if config.coloration:
        moved = _coloured(moved, rate, config.coloration, _FALL * config.coloration)
    if config.noise < _NO_NOISE:
        above = _between(config.noise, config.noise + _NOISE_SPAN, count, sounds.device)[:, None]
        noise = torch.randn_like(moved)
        if config.coloration:
            noise = _coloured(noise, rate, config.coloration)
            noise = noise / _loudness(noise)
        whole = _between(0.0, 1.0, count, sounds.device)[:, None] >= _CUT
        moved = moved + noise * (whole | inside) * _loudness(moved) * _times(-above)
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


def mixed(spectrum: Tensor, config: "Train") -> tuple[Tensor, Tensor, Tensor]:
    """Return log-mel spectra `[N, mels, frames]` of two recordings at once, the second's indices, and the first's part.

    Indices into the batch `[N]`; the part of the energy `[]` is 0.5 to 1, and weighs the loss of the first's label:
    mixup (Zhang et al. 2018, arXiv:1710.09412), of energies rather than of their logarithms, as sounds add up. Half of
    the batches stay as they are: the part is 1.
    """
    device = spectrum.device
    order = torch.randperm(len(spectrum), device=device)
    drawn = Beta(*torch.full((2,), config.mixup, device=device)).sample()
    alone = torch.rand((), device=device) >= _MIXED
    part = torch.where(alone, 1.0, torch.maximum(drawn, 1 - drawn))
    return torch.logaddexp(spectrum + part.log(), spectrum[order] + (1 - part).log()), order, part


def _coloured(sounds: Tensor, rate: int, deviation: float, fall: float = 0.0) -> Tensor:
    """Return samples `[N, length]` through filters, each of a random curve over the mel scale, in decibels.

    Its points deviate by `deviation`; besides, the highest frequency loses up to `fall`.
    """
    count, length = sounds.shape
    size, device = 2 ** ceil(log2(length)), sounds.device
    hertz = torch.linspace(0.0, rate / 2, size // 2 + 1, device=device)
    high = torch.log1p(hertz / _CORNER) / torch.log1p(hertz[-1] / _CORNER)
    below = (high * (_POINTS - 1)).long().clamp(max=_POINTS - 2)
    part = high * (_POINTS - 1) - below
    points = deviation * torch.randn(count, _POINTS, device=device)
    curve = points[:, below] * (1 - part) + points[:, below + 1] * part
    curve = curve - _between(0.0, fall, count, device)[:, None] * high
    filtered: Tensor = torch.fft.irfft(torch.fft.rfft(sounds, size) * _times(curve), size)
    return filtered[:, :length]


def _between_ends(there: Tensor) -> Tensor:
    """Return which of `[N, length]` lie between the first and the last that are there."""
    return (there.cumsum(dim=1) > 0) & (there.flip(1).cumsum(dim=1).flip(1) > 0)


def _loudness(sounds: Tensor) -> Tensor:
    return sounds.square().mean(dim=1, keepdim=True).sqrt()


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

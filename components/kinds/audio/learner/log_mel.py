"""The log-mel spectrum, computed in the graph: training and serving cannot differ.

`components.kinds.audio.evaluation.spectrum` computes the same with a Fourier transform, and is what this is held to.
"""

from math import log10

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

FRAMES = 100
"""A second."""
_WINDOW = 0.032  # seconds
_LOWEST = 50.0  # Hz, of the bands
_SILENCE = 1e-8  # of the energy, which is never less
_FLOOR = 1e-3  # of the mean energy: what is softer is silence
_FULL = 32_768.0

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


class LogMel(nn.Module):
    """Samples `[N, length]`, int16 or of -1 to 1 -> the energy in mel bands `[N, mels, frames]`, a natural logarithm.

    It is a part of the recording's mean energy, so how loud a recording is means nothing; below a thousandth all is
    silence.

    A Hann window of 32 ms each 10 ms, silence before the first sample and behind the last one; the power spectrum by a
    convolution with cosines and sines; triangles on the mel scale of O'Shaughnessy (1987), 2595 log10(1 + f/700).
    """

    waves: Tensor
    bands: Tensor

    def __init__(self, rate: int, mels: int) -> None:
        super().__init__()
        self.size, self.hop = window(rate), max(1, rate // FRAMES)
        self.register_buffer("waves", torch.from_numpy(waves(self.size, self.size))[:, None], persistent=False)
        self.register_buffer("bands", torch.from_numpy(bands(rate, self.size, mels)), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Return the spectrum, in 32 bit whatever the rest is computed in."""
        with torch.autocast(samples.device.type, enabled=False):
            sound = samples_of(samples)[:, None]
            parts = functional.conv1d(sound, self.waves, stride=self.hop, padding=self.size // 2) ** 2
            cosines = self.size // 2 + 1
            energy = self.bands @ (parts[:, :cosines] + parts[:, cosines:])
            return torch.log(energy / (energy.mean(dim=(1, 2), keepdim=True) + _SILENCE) + _FLOOR)


def window(rate: int) -> int:
    """Return how many samples a window has: the power of two next to 32 ms."""
    return int(2 ** round(np.log2(_WINDOW * rate)))


def bands(rate: int, size: int, mels: int) -> Float32:
    """Return `[mels, size // 2 + 1]`: how much of each frequency is in each band, 0 to 1."""
    edges = _hertz(np.linspace(_mel(_LOWEST), _mel(rate / 2), mels + 2))
    return triangles(edges, rate, size).astype(np.float32)


def triangles(edges: Float64, rate: int, size: int) -> Float64:
    """Return `[bands, size // 2 + 1]`: each rises from 0 at one of the edges `[bands + 2]`, in Hz, to 1 at the next."""
    corners, frequencies = edges[:, None], np.arange(size // 2 + 1) * rate / size
    rising = (frequencies - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - frequencies) / (corners[2:] - corners[1:-1])
    found: Float64 = np.maximum(0.0, np.minimum(rising, falling))
    return found


def samples_of(recordings: Tensor) -> Tensor:
    """Return samples of -1 to 1, float32, of such ones or of int16, of any shape."""
    return recordings.float() if recordings.is_floating_point() else recordings.float() / _FULL


def waves(size: int, window: int) -> Float32:
    """Return `[2 * (size // 2 + 1), size]`: cosines, then sines, of every frequency, in a Hann window in the middle."""
    angles = 2.0 * np.pi / size * np.outer(np.arange(size // 2 + 1), np.arange(size))
    hann, before = 0.5 - 0.5 * np.cos(2.0 * np.pi / window * np.arange(window)), (size - window) // 2
    seen = np.pad(hann, (before, size - window - before))
    found: Float32 = (np.concatenate([np.cos(angles), np.sin(angles)]) * seen).astype(np.float32)
    return found


def _mel(hertz: float) -> float:
    return 2595.0 * log10(1.0 + hertz / 700.0)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)

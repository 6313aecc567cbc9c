"""The log-mel spectrum by a Fourier transform: features of the baseline, figures, and what the graph's is held to."""

import numpy as np
from numpy.typing import NDArray

_WINDOW, _HOP = 0.032, 0.01  # seconds
_LOWEST = 50.0  # Hz
_SILENCE, _FLOOR = 1e-8, 1e-3  # of the energy, of the mean energy
_AT_ONCE = 200  # recordings

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


def log_mel(samples: NDArray[np.int16], rate: int, mels: int) -> Float32:
    """Return `[N, mels, frames]` of samples `[N, length]`: the energy in each mel band, a natural logarithm.

    It is a part of the recording's mean energy, and at least a thousandth is put to it.

    Frames of 32 ms, each 10 ms, in silence; a Hann window; triangles on the mel scale 2595 log10(1 + f/700).
    """
    starts = range(0, len(samples), _AT_ONCE)
    return np.concatenate([_log_mel(np.asarray(samples[at : at + _AT_ONCE]), rate, mels) for at in starts])


def summaries(samples: NDArray[np.int16], rate: int, mels: int) -> Float32:
    """Return `[N, 2 * mels]`: mean and standard deviation of each band, what says most in the fewest numbers."""
    spectrum = log_mel(samples, rate, mels)
    return np.concatenate([spectrum.mean(axis=2), spectrum.std(axis=2)], axis=1)


def _log_mel(samples: NDArray[np.int16], rate: int, mels: int) -> Float32:
    size, hop = int(2 ** round(np.log2(_WINDOW * rate))), max(1, int(rate * _HOP))
    padded = np.pad(samples.astype(np.float64) / 32_768, ((0, 0), (size // 2, size // 2)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, ::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(size + 1)[:-1], axis=2)) ** 2
    energy = power @ _triangles(rate, size, mels)
    part = energy / (energy.mean(axis=(1, 2), keepdims=True) + _SILENCE)
    found: Float32 = np.log(part + _FLOOR).swapaxes(1, 2).astype(np.float32)
    return found


def _triangles(rate: int, size: int, mels: int) -> Float64:
    """Return `[size // 2 + 1, mels]`."""
    top, low = (2595 * np.log10(1 + hertz / 700) for hertz in (rate / 2, _LOWEST))
    corners = 700 * (10 ** (np.linspace(low, top, mels + 2) / 2595) - 1)
    frequencies = np.arange(size // 2 + 1) * rate / size
    bands = [np.interp(frequencies, corners[at : at + 3], (0.0, 1.0, 0.0)) for at in range(mels)]
    return np.stack(bands, axis=1)

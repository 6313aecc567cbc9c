"""Recordings that try each way in which the codec reads: computed, so that they let nobody be heard."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from components.kinds.audio.codec.input import Input
from components.kinds.golden import GoldenRequest

LOSSY = 400.0
"""Levels of 32,768 by which two decoders of Vorbis that are both right may differ at a sample."""
_RESAMPLED = 1.0  # two Fourier transforms may round otherwise


def requests(input: Input, serve: Mapping[str, Any]) -> Sequence[GoldenRequest]:
    """Return recordings of every format, of the model's rate and another, longer and shorter than what it takes."""
    rate, seconds = input["rate"], input["length"] / input["rate"]
    stereo = np.stack([tune(rate, seconds), tune(rate, seconds)[::-1]], axis=1)
    return [
        _request("plain.wav", tune(rate, seconds), rate, "WAV", "PCM_16"),
        _request("short.wav", tune(rate, seconds / 3), rate, "WAV", "PCM_24"),
        _request("float.wav", tune(rate, seconds * 1.7), rate, "WAV", "FLOAT"),
        _request("stereo.flac", stereo, rate, "FLAC", "PCM_16"),
        _request("faster.wav", tune(44_100, seconds), 44_100, "WAV", "PCM_16", _RESAMPLED),
        _request("lossy.ogg", tune(rate, seconds), rate, "OGG", "VORBIS", LOSSY),
    ]


def tune(rate: int, seconds: float) -> NDArray[np.float64]:
    """Return a tone that rises, swells and fades, with its octave: no part is like another."""
    times = np.arange(max(1, round(rate * seconds))) / rate
    phase = 2 * np.pi * (220 * times + 300 * times**2 / max(seconds, 1e-3))
    return np.sin(np.pi * times / seconds) ** 2 * (0.5 * np.sin(phase) + 0.2 * np.sin(2 * phase))


def _request(
    name: str, samples: NDArray[np.float64], rate: int, format: str, subtype: str, tolerance: float = 0.0
) -> GoldenRequest:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, subtype=subtype, format=format)
    return GoldenRequest(name, {"sound": file.getvalue()}, tolerance)

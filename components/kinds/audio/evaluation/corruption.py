"""What may happen to a recording before it is heard, in three severities."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from components.kinds.audio.codec.sound import resampled, whole
from components.kinds.evaluation import Corruption

_NOISE = (20.0, 10.0, 5.0)  # decibels that the recording lies above it
_RATE = (0.75, 0.5, 0.35)  # of its own, at which it was sent on the way
_CLIP = (0.5, 0.25, 0.1)  # of its own peak
_ROOM = ((0.2, 0.8), (0.3, 0.5), (0.6, 0.25))  # seconds until an echo has lost 60 decibels; energy that comes straight
_GAIN = (-10.0, -20.0, -30.0)  # decibels
_FULL = 32_768.0

Float64 = NDArray[np.float64]
Int16 = NDArray[np.int16]
_One = Callable[[Float64, int, int, np.random.Generator], Float64]


def noisy(sound: Float64, decibels: float, random: np.random.Generator) -> Float64:
    """Return it in white noise so many decibels below its own mean energy."""
    size = np.sqrt(np.mean(sound**2)) * 10 ** (-decibels / 20)
    return sound + random.normal(0.0, size + 1e-12, len(sound))


def reverberant(sound: Float64, seconds: float, direct: float, rate: int, random: np.random.Generator) -> Float64:
    """Return it in a room, whose answer is noise that decays by 60 decibels in so many seconds (Polack 1988).

    `direct` is the part of the energy that comes straight, 0 to 1.
    """
    times = np.arange(1, int(seconds * rate) + 1) / rate
    tail = random.standard_normal(len(times)) * 10 ** (-3 * times / seconds)
    answer = np.concatenate([[np.sqrt(direct)], np.sqrt((1 - direct) / np.sum(tail**2)) * tail])
    size = len(sound) + len(answer) - 1
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(answer, size), size)[: len(sound)]


def _in_noise(sound: Float64, level: int, rate: int, random: np.random.Generator) -> Float64:
    return noisy(sound, _NOISE[level], random)


def _at_another_rate(sound: Float64, level: int, rate: int, random: np.random.Generator) -> Float64:
    lower = int(rate * _RATE[level])
    return np.resize(resampled(resampled(sound, rate, lower), lower, rate), len(sound))


def _clipped(sound: Float64, level: int, rate: int, random: np.random.Generator) -> Float64:
    most = _CLIP[level] * np.abs(sound).max()
    return np.clip(sound, -most, most)


def _in_a_room(sound: Float64, level: int, rate: int, random: np.random.Generator) -> Float64:
    return reverberant(sound, *_ROOM[level], rate, random)


def _softer(sound: Float64, level: int, rate: int, random: np.random.Generator) -> Float64:
    return sound * 10 ** (_GAIN[level] / 20)


_ON_ONE: Mapping[str, _One] = {
    "noise": _in_noise,
    "another rate": _at_another_rate,
    "clipping": _clipped,
    "room": _in_a_room,
    "softer": _softer,
}


def corruptions_at(rate: int) -> Mapping[str, Corruption]:
    """Return what may happen, by name, to recordings int16 `[n, length]` of that rate."""
    return {name: partial(_corrupt, one, rate) for name, one in _ON_ONE.items()}


def _corrupt(one: _One, rate: int, samples: Int16, severity: int, seed: int) -> Int16:
    random = np.random.default_rng(seed)
    sounds = (np.asarray(sound).astype(np.float64) / _FULL for sound in samples)
    return np.stack([whole(one(sound, severity - 1, rate, random)) for sound in sounds])

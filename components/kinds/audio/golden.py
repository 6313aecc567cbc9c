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
_OGG_HEAD = 27  # bytes of a page before the sizes of its parts
_OGG_STREAM = b"tune"
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
    return GoldenRequest(name, {"sound": _timeless(file.getvalue())}, tolerance)


def _timeless(file: bytes) -> bytes:
    """Return the file without what libsndfile takes from the clock: the same bundle has the same bytes.

    In WAV of floats that is when the peak was found, in Ogg the number of the stream, which is part of the checksum of
    every page (RFC 3533).
    """
    found = bytearray(file)
    if found[:4] == b"OggS":
        at = 0
        while at < len(found):
            sizes = at + _OGG_HEAD + found[at + _OGG_HEAD - 1]
            end = sizes + sum(found[at + _OGG_HEAD : sizes])
            found[at + 14 : at + 18] = _OGG_STREAM
            found[at + 22 : at + 26] = bytes(4)
            found[at + 22 : at + 26] = _checksum(found[at:end]).to_bytes(4, "little")
            at = end
    elif (peak := found.find(b"PEAK", 0, found.find(b"data"))) > 0:
        found[peak + 12 : peak + 16] = bytes(4)
    return bytes(found)


def _checksum(page: bytearray) -> int:
    """Return the cyclic redundancy check of a page of Ogg: of the polynomial 0x04C11DB7, from 0, not reflected."""
    found = 0
    for byte in page:
        found = (found << 8 & 0xFFFFFFFF) ^ _CHECKS[found >> 24 ^ byte]
    return found


def _check(byte: int) -> int:
    found = byte << 24
    for _ in range(8):
        found = (found << 1 ^ (0x104C11DB7 if found >> 31 else 0)) & 0x1FFFFFFFF
    return found & 0xFFFFFFFF


_CHECKS = [_check(byte) for byte in range(256)]

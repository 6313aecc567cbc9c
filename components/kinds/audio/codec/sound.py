"""The file of a recording <-> the samples that the model takes."""

import io
import re
from math import ceil, gcd
from typing import Any, NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray

from components.config.errors import BadRequest
from components.kinds.audio.codec.input import Input

FORMATS = {"WAV": "audio/wav", "WAVEX": "audio/x-wav", "FLAC": "audio/flac", "OGG": "audio/ogg"}
"""What is read, as libsndfile calls it, and a media type of each."""
MAX_SECONDS = 60.0
RATES = (1_000, 384_000)
CHANNELS = 64
"""Most of a recording."""
_BLOCK = 1 << 22  # samples of all channels that are read at a time
_CUT = re.compile(r"^data : (\d+) \(should be (\d+)\)", re.MULTILINE)
_STREAMED = 0x7FFF0000  # bytes from which on a head says no length: who wrote it did not know it yet
_FULL = 32_768.0  # of 16 bits
_EDGE = 0.02  # seconds of silence around a recording that is resampled, into which its ends ring

Int16 = NDArray[np.int16]
Float64 = NDArray[np.float64]


class Head(NamedTuple):
    """What the head of a file says of it."""

    format: str
    rate: int
    seconds: float


def head(data: bytes) -> Head:
    """Return what the file is.

    Raises:
        BadRequest: it is none that is read.
    """
    with _opened(data) as file:
        return Head(file.format, file.samplerate, file.frames / file.samplerate)


def decode(data: bytes, input: Input, max_seconds: float = MAX_SECONDS) -> Int16:
    """Return `[length]`, the mean of the channels at the model's rate: the loudest part, or all in the middle.

    Raises:
        BadRequest: the bytes are no readable recording, or one that is empty or too long.
    """
    with _opened(data) as file:
        rate, most = file.samplerate, int(max_seconds * file.samplerate)
        try:
            blocks = file.blocks(_BLOCK // file.channels, dtype="float64", always_2d=True, frames=most + 1)
            sound = np.concatenate([np.zeros(0), *(block.mean(axis=1) for block in blocks)])
        except soundfile.LibsndfileError as error:
            raise BadRequest(f"the recording is damaged: {error.error_string}") from error
    if not len(sound):
        raise BadRequest("the recording has no samples")
    if len(sound) > most:
        raise BadRequest(f"the recording is longer than {max_seconds:g} seconds; send a part of it")
    if not np.isfinite(sound).all():
        raise BadRequest("the recording has samples that are no numbers")
    return whole(fitted(resampled(sound, rate, input["rate"]), input["length"]))


def encode(samples: Int16, rate: int) -> bytes:
    """Return a WAV file that decodes to the same samples `[length]`."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, subtype="PCM_16", format="WAV")
    return file.getvalue()


def resampled(sound: Float64, rate: int, wanted: int) -> Float64:
    """Return `[n]` at another rate, band-limited, by its Fourier transform: frequencies that do not fit are cut off."""
    if rate == wanted:
        return sound
    common = gcd(rate, wanted)
    block, made = rate // common, wanted // common  # samples that are as long
    edge = ceil(_EDGE * rate / block)
    blocks = ceil(len(sound) / block) + 2 * edge
    padded = np.zeros(blocks * block)
    padded[edge * block : edge * block + len(sound)] = sound
    spectrum = np.fft.rfft(padded)[: min(blocks * block, blocks * made) // 2 + 1]
    whole = np.fft.irfft(spectrum, blocks * made) * (made / block)
    return whole[edge * made : edge * made + max(1, round(len(sound) * wanted / rate))]


def fitted(sound: Float64, length: int) -> Float64:
    """Return `[length]`: of a longer sound its loudest part, a shorter one in the middle of silence."""
    if len(sound) > length:
        energy = np.concatenate([[0.0], np.cumsum(sound**2)])
        start = int(np.argmax(energy[length:] - energy[:-length]))
        return sound[start : start + length]
    before = (length - len(sound)) // 2
    return np.pad(sound, (before, length - len(sound) - before))


def whole(sound: NDArray[Any]) -> Int16:
    """Return samples of -1 to 1 in 16 bits; what is louder is clipped."""
    return np.clip(np.rint(sound * _FULL), -_FULL, _FULL - 1).astype(np.int16)


def _opened(data: bytes) -> soundfile.SoundFile:
    try:
        file = soundfile.SoundFile(io.BytesIO(data))
    except (soundfile.LibsndfileError, TypeError) as error:  # raw samples have no head
        raise BadRequest("the file is no recording that can be read: send WAV, FLAC or OGG") from error
    if file.format not in FORMATS:
        raise BadRequest(f"the file is {file.format}: send WAV, FLAC or OGG")
    if not RATES[0] <= file.samplerate <= RATES[1]:
        raise BadRequest(f"the recording has {file.samplerate:,} samples a second: from {RATES[0]:,} to {RATES[1]:,}")
    if file.channels > CHANNELS:
        raise BadRequest(f"the recording has {file.channels} channels: at most {CHANNELS} are read")
    if (cut := _CUT.search(file.extra_info)) and int(cut[2]) < int(cut[1]) < _STREAMED:
        raise BadRequest(f"the recording is cut off: {int(cut[2]):,} of {int(cut[1]):,} bytes of samples are there")
    return file

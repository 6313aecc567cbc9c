"""Recordings of every form that are read in a browser too, as a test asks them: rates, channels, samples, damages."""

import struct

import numpy as np
from numpy.typing import NDArray

from tests.voices import RATE, file, said

RATES = (4_000, 7_999, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000)
SUBTYPES = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")


def exact() -> dict[str, bytes]:
    """Return files at `tests.voices.RATE`, by name: what is read of each is the same everywhere, to the bit."""
    short, long = said("a", "anna", 1), said("i", "bert", 2, seconds=1.3)
    made = {f"{subtype}.wav": file(long, subtype=subtype) for subtype in SUBTYPES}
    made |= {
        f"{subtype}.flac": file(long, format="FLAC", subtype=subtype) for subtype in ("PCM_S8", "PCM_16", "PCM_24")
    }
    for channels in (2, 3, 8, 9, 17):
        made[f"{channels} channels.wav"] = file(_channels(channels), subtype="FLOAT")
    for channels in (2, 6):
        made[f"{channels} channels.flac"] = file(_channels(channels), format="FLAC", subtype="PCM_24")
    left = long * 0.9
    noise = np.random.default_rng(3).uniform(-1, 1, len(long))
    made["nearly the same.flac"] = file(np.stack([long, left], axis=1), format="FLAC")
    made["opposite.flac"] = file(np.stack([long, -long], axis=1), format="FLAC")
    made["noise.flac"] = file(noise, format="FLAC")
    made["silent.flac"] = file(np.zeros(5_000), format="FLAC")
    made["halves.flac"] = file(np.round(long * 128) / 128, format="FLAC")  # low bits that are never used
    made["loud.wav"] = file(3 * long, subtype="FLOAT")
    made["short.wav"], made["one sample.wav"] = file(short), file(short[100:101])
    made["extensible.wav"] = file(_channels(2), format="WAVEX", subtype="PCM_24")
    plain = file(short)
    made["streamed.wav"] = plain[:40] + b"\xff\xff\xff\xff" + plain[44:]
    made["odd.wav"] = plain + b"\0"
    made["chunks.wav"] = plain[:12] + b"LIST" + struct.pack("<I", 5) + b"hello\0" + plain[12:]
    made["large end first.wav"] = _large_end_first(short)
    return made


def resampled() -> dict[str, bytes]:
    """Return files of other rates, by name: what is read of each may differ by one of 65,536 levels."""
    made = {f"{rate}.wav": file(said("u", "fay", 4, rate, 0.61), rate, subtype="FLOAT") for rate in RATES}
    made |= {f"long {rate}.wav": file(said("a", "carl", 5, rate, 1.7), rate) for rate in RATES}
    stereo = np.stack([said("a", "anna", 6, 44_100), said("u", "emil", 7, 44_100)], axis=1)
    made["stereo.flac"] = file(stereo, 44_100, format="FLAC", subtype="PCM_24")
    return made


def refused() -> dict[str, bytes]:
    """Return what is refused everywhere, by name."""
    plain, flac = file(said("a", "anna", 1)), file(said("a", "anna", 1), format="FLAC")
    changed = bytearray(flac)
    changed[len(changed) // 2] ^= 8
    return {
        "empty": b"",
        "text": b"no sound at all",
        "cut.wav": plain[: len(plain) // 2],
        "head.wav": plain[:30],
        "nothing.wav": file(np.zeros(0)),
        "slow.wav": file(said("a", "anna", 1), 500),
        "none.wav": file(np.full(100, np.nan), subtype="FLOAT"),
        "long.wav": file(np.zeros(61 * RATE)),
        "channels.wav": file(np.zeros((400, 65))),
        "changed.flac": bytes(changed),
        "cut.flac": flac[: len(flac) // 2],
        "head.flac": flac[:20],
        "mp3": file(said("a", "anna", 1), format="MP3", subtype="MPEG_LAYER_III"),
    }


def _channels(count: int) -> NDArray[np.float64]:
    voices = ["anna", "bert", "carl", "dora", "emil", "fay"]
    return np.stack([said("aiu"[at % 3], voices[at % 6], at) for at in range(count)], axis=1)


def _large_end_first(samples: NDArray[np.float64]) -> bytes:
    content = np.rint(32_768 * samples).astype(">i2").tobytes()
    head = struct.pack(">4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return (
        struct.pack(">4sI4s", b"RIFX", 36 + len(content), b"WAVE")
        + head
        + struct.pack(">4sI", b"data", len(content))
        + content
    )

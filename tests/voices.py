"""Vowels as voices of their own say them: pulses of the vocal folds through the resonances of a vocal tract."""

import io
import math
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 8_000
VOWELS = {"a": (730, 1090), "i": (270, 2290), "u": (300, 870)}
"""First and second formant of men, Hz (Peterson and Barney 1952)."""
VOICES = {
    "anna": (210, 1.17),
    "bert": (110, 1.0),
    "carl": (95, 0.96),
    "dora": (190, 1.1),
    "emil": (125, 1.03),
    "fay": (230, 1.2),
}
"""Pitch in Hz, and how much shorter the vocal tract is than a man's."""


def said(vowel: str, voice: str, seed: int, rate: int = RATE, seconds: float = 0.3) -> NDArray[np.float64]:
    """Return one utterance, `[n]` of -1 to 1, in a little noise."""
    random = np.random.default_rng([seed, ord(vowel), *voice.encode()])
    pitch, shorter = VOICES[voice]
    times = np.arange(round(rate * seconds)) / rate
    pulses = np.diff(np.floor(times * pitch * random.uniform(0.92, 1.08)), prepend=0.0)
    sound = pulses
    for formant in VOWELS[vowel]:
        sound = _resonance(sound, formant * shorter * random.uniform(0.97, 1.03), rate)
    sound *= np.sin(np.pi * times / seconds)
    noise = random.normal(0.0, 0.003, len(sound))
    return 0.5 * sound / np.abs(sound).max() + noise


def file(samples: NDArray[np.float64], rate: int = RATE, format: str = "WAV", subtype: str = "PCM_16") -> bytes:
    """Return it as a file."""
    made = io.BytesIO()
    soundfile.write(made, samples, rate, format=format, subtype=subtype)
    return made.getvalue()


def write_voices(folder: Path, each: int) -> Path:
    """Write every vowel as often by every voice: `a/anna_0.wav`."""
    for vowel in VOWELS:
        (folder / vowel).mkdir(parents=True)
        for voice in VOICES:
            for index in range(each):
                (folder / vowel / f"{voice}_{index}.wav").write_bytes(file(said(vowel, voice, index)))
    return folder


def _resonance(sound: NDArray[np.float64], hertz: float, rate: int) -> NDArray[np.float64]:
    """Return it through two poles, 80 Hz wide (Klatt 1980), by their answer to a pulse."""
    times = np.arange(rate // 20) / rate
    answer = np.exp(-math.pi * 80 * times) * np.sin(2 * math.pi * hertz * times)
    return np.convolve(sound, answer)[: len(sound)]

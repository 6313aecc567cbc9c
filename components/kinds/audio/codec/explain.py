"""What of a recording moved an answer: each stretch of time is made silent, each band of frequencies taken out.

Occlusion (Zeiler and Fergus 2014, arXiv:1311.2901), as `kinds/table` does it with features: exact for what it says,
blind to what two parts do together. What is taken out fades, so that no click is put in its place.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from components.kinds.audio.codec.input import Input

Number = Callable[[NDArray[Any]], NDArray[np.float32]]
Float64 = NDArray[np.float64]
Int16 = NDArray[np.int16]

_STRETCH = 0.05  # seconds
_STRETCHES = (8, 24)
_BANDS = 8
_FADE = (0.1, 0.25)  # part of a stretch, of a band, in which it goes
_LOUDEST = 32_767


class Effect(BaseModel):
    """What one stretch of time, or one band of frequencies, does to one answer."""

    start: float | None = Field(
        description="Seconds, of a stretch: from the beginning of what the model hears, which is the loudest part of a "
        "recording that is longer, and has a shorter one in its middle. null: it is a band."
    )
    end: float | None = Field(description="Likewise.")
    low: float | None = Field(description="Hz, of a band; null: it is a stretch.")
    high: float | None = Field(description="Likewise.")
    effect: float = Field(
        description="The probability, or the number that is told, less what it would be if the stretch were silent, or "
        "the band were not there."
    )


def explain(number: Number, examples: Int16, input: Input) -> list[list[Effect]]:
    """Return what each stretch and each band does to the answers, the strongest first; one run of the model for all.

    Args:
        number: runs the model on `[N x M, length]`, M variants of each recording, and returns what its answer stands
            on.
        examples: `[N, length]`.
        input: the bundle's description of one recording.
    """
    rate, length = input["rate"], input["length"]
    stretches = int(np.clip(round(length / rate / _STRETCH), *_STRETCHES))
    variants = np.stack([_variants(example, stretches, rate) for example in examples])
    without = number(variants.reshape(-1, length)).reshape(len(examples), -1)
    effects = number(examples)[:, np.newaxis] - without
    borders = np.linspace(0.0, length / rate, stretches + 1).round(3).tolist()
    hertz = _hertz(np.linspace(0.0, _mel(rate / 2), _BANDS + 1)).round().tolist()
    parts: list[tuple[float | None, ...]] = [
        *((start, end, None, None) for start, end in pairwise(borders)),
        *((None, None, low, high) for low, high in pairwise(hertz)),
    ]
    return [_effects(parts, effect) for effect in effects]


def _variants(example: Int16, stretches: int, rate: int) -> Int16:
    """Return `[stretches + bands, length]`: the recording without each of them."""
    length = len(example)
    silent = example * _without((np.arange(length) + 0.5) / length * stretches, stretches, _FADE[0])
    heights = _mel(np.arange(length // 2 + 1) * rate / length) / _mel(rate / 2) * _BANDS
    dull = np.fft.irfft(np.fft.rfft(example) * _without(heights, _BANDS, _FADE[1]), length, axis=1)
    variants: Int16 = np.rint(np.concatenate([silent, dull])).clip(-_LOUDEST - 1, _LOUDEST).astype(np.int16)
    return variants


def _without(places: Float64, count: int, fade: float) -> Float64:
    """Return `[count, n]`, what is left at each place of 0 to `count`, 0 to 1, when one part of length 1 is out."""
    away = np.abs(places - (np.arange(count)[:, np.newaxis] + 0.5))
    return np.clip((away - 0.5) / fade + 0.5, 0.0, 1.0)


def _effects(parts: list[tuple[float | None, ...]], effects: NDArray[np.float32]) -> list[Effect]:
    strongest = np.argsort(-np.abs(effects), kind="stable")
    named = [dict(zip(("start", "end", "low", "high"), parts[place], strict=True)) for place in strongest.tolist()]
    return [Effect(**name, effect=float(effects[place])) for name, place in zip(named, strongest.tolist(), strict=True)]


def _mel(hertz: Any) -> Any:
    return 2595.0 * np.log10(1.0 + hertz / 700.0)


def _hertz(mel: Float64) -> Float64:
    return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)

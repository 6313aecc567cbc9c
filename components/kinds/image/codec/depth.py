"""Pictures of more than 8 bits a pixel: what their values are, and how they are brought to 0 to 255."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

_BITS_PER_SAMPLE = 258  # tag of a TIFF file
_PNG_DEPTH = 24  # offset of a PNG file's bits per sample


@dataclass(frozen=True)
class Deep:
    """The values of one picture of more than 8 bits."""

    low: float
    high: float
    sort: str
    """`whole` numbers or `float`, of grey pictures; `colour`: their upper 8 bits are read, and `high` is of these."""


def is_deep(picture: Image.Image) -> bool:
    """Whether the pixels are single numbers of more than 8 bits."""
    return picture.mode.startswith(("I", "F"))


def may_be_deep(data: bytes) -> bool:
    """Whether a picture's file may hold more than 8 bits a pixel, as far as its first bytes tell."""
    if data.startswith(b"\x89PNG"):
        return data[_PNG_DEPTH : _PNG_DEPTH + 1] == b"\x10"
    return data.startswith((b"II", b"MM", b"P2", b"P5", b"\0\0\0\x0cjP", b"\xff\x4f\xff\x51"))


def depth_of(picture: ImageFile, data: bytes) -> Deep | None:
    """Return the values of the picture, opened from the file `data`; None: it has 8 bits or fewer."""
    if is_deep(picture):
        values = np.asarray(picture)
        finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        return Deep(low, high, "float" if values.dtype.kind == "f" else "whole")
    if _bits(picture, data) > 8:
        return Deep(0.0, float(np.asarray(picture.convert("RGB")).max()), "colour")
    return None


def to_eight_bits(picture: Image.Image, levels: Sequence[float] | None) -> Image.Image:
    """Return the picture with its values brought from `levels`, darkest and lightest, to 0 to 255.

    Without levels the upper half of 16 bits is taken, and floats are cut off at 255.
    """
    if levels is None:
        if picture.mode.startswith("F"):
            return picture.convert("L")
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    low, high = levels
    values: NDArray[np.float32] = np.nan_to_num(np.asarray(picture).astype(np.float32), nan=low)
    scaled = (values - low) * (255.0 / (high - low))
    return Image.fromarray(np.rint(scaled.clip(0.0, 255.0)).astype(np.uint8))


def _bits(picture: ImageFile, data: bytes) -> int:
    if picture.format == "PNG":
        return data[_PNG_DEPTH]
    bits = picture.tag_v2.get(_BITS_PER_SAMPLE, (8,)) if isinstance(picture, TiffImageFile) else (8,)
    return int(max(bits))

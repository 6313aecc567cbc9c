"""Pictures that try each way in which the codec reads: drawn, so that they show nobody's data.

Each is little larger than what the model takes, so that no JPEG is decoded at a reduced size.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from components.kinds.golden import GoldenRequest
from components.kinds.image.codec.file import FORMATS
from components.kinds.image.codec.input import Input

LOSSY = 6.0
"""Levels of 255 by which two decoders of JPEG that are both right may differ at a pixel: the standard leaves them room
(ISO/IEC 10918-2), and how colours of half the size are enlarged is left to them."""
_LARGER = 1.6
_ORIENTATION = 0x0112
_TURNED = 6  # to be turned by a quarter to the right

Picture = NDArray[np.uint8]


def requests(input: Input, serve: Mapping[str, Any]) -> Sequence[GoldenRequest]:
    """Return the pictures, of the formats that every endpoint takes, unless it is told to take fewer."""
    wide, tall = (max(8, round(_LARGER * input[side])) for side in ("width", "height"))
    taken = serve.get("formats", FORMATS)
    return [one for format, one in _drawn(wide, tall) if format in taken]


def _drawn(wide: int, tall: int) -> list[tuple[str, GoldenRequest]]:
    plain = pattern(wide, tall)
    alpha = np.dstack([plain, pattern(wide, tall)[::-1, :, 1]])
    deep = Image.fromarray(pattern(wide, 2 * tall)[..., 0].astype(np.uint16) * 257)
    palette = Image.fromarray(pattern(2 * wide, tall)).quantize(32, dither=Image.Dither.NONE)
    turned = Image.Exif()
    turned[_ORIENTATION] = _TURNED
    jpeg = {"format": "JPEG", "quality": 90}
    return [
        ("PNG", _request("grey.png", Image.fromarray(plain[..., 1]), format="PNG")),
        ("PNG", _request("alpha.png", Image.fromarray(alpha), format="PNG")),
        ("PNG", _request("palette.png", palette, format="PNG", transparency=1)),
        ("PNG", _request("deep.png", deep, format="PNG")),
        ("PNG", _request("small.png", Image.fromarray(pattern(max(2, wide // 4), max(2, tall // 3))), format="PNG")),
        ("JPEG", _request("turned.jpg", Image.fromarray(plain), exif=turned, **jpeg)),
        ("JPEG", _request("progressive.jpg", Image.fromarray(plain[..., 0]), progressive=True, **jpeg)),
        ("BMP", _request("plain.bmp", Image.fromarray(pattern(wide, max(8, tall // 2))), format="BMP")),
        ("WEBP", _request("lossless.webp", Image.fromarray(plain), format="WEBP", lossless=True)),
    ]


def pattern(width: int, height: int) -> Picture:
    """Return a picture `[height, width, 3]` of a ramp, a disc and a wedge on it: no half is like another."""
    y, x = np.mgrid[0:height, 0:width] / np.array([height, width]).reshape(2, 1, 1)
    made = np.zeros((height, width, 3), dtype=np.uint8)
    made[...] = (32 * np.floor(6 * y)).astype(np.uint8)[..., None] + np.array([40, 56, 24], dtype=np.uint8)
    made[(x - 0.3) ** 2 + (y - 0.4) ** 2 < 0.05] = (224, 208, 190)
    made[y > 1.6 - x] = (16, 40, 72)
    return made


def _request(name: str, picture: Image.Image, **how: Any) -> GoldenRequest:
    buffer = io.BytesIO()
    picture.save(buffer, **how)
    return GoldenRequest(name, {"picture": buffer.getvalue()}, LOSSY if name.endswith(".jpg") else 0.0)

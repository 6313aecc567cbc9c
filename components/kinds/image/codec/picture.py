"""The bytes of a picture's file -> an array, for training and serving alike."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.ImageFile import ImageFile

from components.config.errors import BadRequest
from components.kinds.image.codec.depth import Deep, depth_of, is_deep, may_be_deep, to_eight_bits
from components.kinds.image.codec.file import DecodeLimits, open_picture
from components.kinds.image.codec.input import FIRST_DRAFT, Input
from components.kinds.image.codec.orientation import orientation

_WHITE = 255
_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")


def decode(data: bytes, input: Input, limits: DecodeLimits) -> NDArray[np.uint8]:
    """Return the picture as `[height, width, channels]`, 0 to 255.

    Of an animation the first frame. Turned upright by its EXIF orientation, cropped about its centre to the aspect
    ratio that `input` asks for, resampled to its size, and what is transparent laid on its `background`.

    Raises:
        BadRequest: the bytes are no readable picture of the formats, or one of too many pixels.
    """
    if not data:
        raise BadRequest("the picture is empty (0 bytes)")
    wanted = _Wanted.of(input)
    try:
        with open_picture(data, limits) as picture:
            return _array(picture, orientation(data, picture), wanted)
    except BadRequest:
        raise
    except Image.DecompressionBombError as error:  # WebP's own, before it makes room
        raise BadRequest(f"the picture has too many pixels, at most {limits.max_pixels:,} are taken") from error
    except Exception as error:  # a decoder may raise anything at bytes that were made to break it
        _damaged(error)


def depth(data: bytes, limits: DecodeLimits) -> Deep | None:
    """Return the values of a picture of more than 8 bits a pixel, None where it has no more, or cannot be read."""
    if not may_be_deep(data):
        return None
    try:
        with open_picture(data, limits) as picture:
            picture.load()
            return depth_of(picture, data)
    except Exception:  # `decode` says what is wrong with it
        return None


@dataclass(frozen=True)
class _Wanted:
    """What the model takes."""

    mode: str
    size: tuple[int, int]
    background: int
    levels: Sequence[float] | None
    """Of pictures of more than 8 bits: black and white."""
    draft: int

    @classmethod
    def of(cls, input: Input) -> "_Wanted":
        mode = "L" if input["channels"] == 1 else "RGB"
        background, draft = input.get("background", _WHITE), input.get("draft", FIRST_DRAFT)
        return cls(mode, (input["width"], input["height"]), background, input.get("levels"), draft)


def _array(picture: ImageFile, turn: Image.Transpose | None, wanted: _Wanted) -> NDArray[np.uint8]:
    width, height = wanted.size
    size = (height, width) if turn in _ON_ITS_SIDE else (width, height)
    picture.draft(wanted.mode, (wanted.draft * size[0], wanted.draft * size[1]))
    picture.load()
    plain = _plain(picture, wanted.levels)
    fitted = plain if plain.size == size else ImageOps.fit(plain, size, Image.Resampling.BILINEAR)
    upright = fitted if turn is None else fitted.transpose(turn)
    flat = _on_background(upright, wanted.background) if upright.mode == "RGBA" else upright
    coloured = flat if flat.mode == wanted.mode else flat.convert(wanted.mode)
    return np.frombuffer(coloured.tobytes(), dtype=np.uint8).reshape(height, width, -1)


_ON_ITS_SIDE = (
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSPOSE,
    Image.Transpose.TRANSVERSE,
)


def _plain(picture: Image.Image, levels: Sequence[float] | None) -> Image.Image:
    """Return the picture as one of `L`, `RGB`, `RGBA`, whose pixels may be averaged."""
    if is_deep(picture):  # convert() would clip the values
        return to_eight_bits(picture, levels)
    if picture.mode in _ALPHA or "transparency" in picture.info:
        return picture if picture.mode == "RGBA" else picture.convert("RGBA")
    if picture.mode in ("L", "RGB"):
        return picture
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _on_background(picture: Image.Image, level: int) -> Image.Image:
    flat = Image.new("RGB", picture.size, (level, level, level))
    flat.paste(picture, mask=picture.getchannel("A"))
    return flat


def _damaged(error: Exception) -> NoReturn:
    pythons = isinstance(
        error.__cause__ or error, struct.error | LookupError | TypeError
    )  # which tells a caller nothing
    said = "" if pythons else " ".join(str(error).split())[:100]
    raise BadRequest(f"the picture is damaged: {said}" if said else "the picture is damaged") from error

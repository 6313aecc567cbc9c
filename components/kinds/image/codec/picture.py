"""The bytes of a picture's file -> an array. Files may be made to break the reader: what each can cost is bounded here.

Pillow's plugins are used directly, without `Image.open`: it would try formats that nobody asked for, and take hold of
what a file says besides its picture (EXIF, several pictures in one), at a cost that the sender of the file decides.
"""

import io
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from components.config.errors import BadRequest
from components.kinds.image.codec.orientation import FIRST, orientation

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
MAX_PIXELS = 50_000_000  # about a 50-megapixel camera; what is larger is refused before it is decoded

_MOST_READS = 100_000  # of a file's parts: millions of empty ones would keep the reader busy for seconds
_MOST_SCANS = 64  # of a progressive JPEG, about ten in practice: each costs a pass over the whole picture
_DRAFT = 2  # a JPEG is decoded at 1/2, 1/4 or 1/8 of its size while it has so many times the pixels needed a side
_WHITE = 255
_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")

Signature = Callable[[bytes], bool]


@dataclass(frozen=True)
class Limits:
    """Which pictures are decoded."""

    formats: tuple[str, ...] = FORMATS
    max_pixels: int = MAX_PIXELS


def decode(data: bytes, input: Mapping[str, Any], limits: Limits) -> NDArray[np.uint8]:
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
        with _open(data, limits.formats) as picture:
            _check_size(picture, limits.max_pixels)
            return _array(picture, orientation(data, picture), wanted)
    except BadRequest:
        raise
    except Image.DecompressionBombError as error:  # WebP's own, before it makes room
        raise BadRequest(f"the picture has too many pixels, at most {limits.max_pixels:,} are taken") from error
    except Exception as error:  # a decoder may raise anything at bytes that were made to break it
        _damaged(error)


@dataclass(frozen=True)
class _Wanted:
    """What the model takes."""

    mode: str
    size: tuple[int, int]
    background: int

    @classmethod
    def of(cls, input: Mapping[str, Any]) -> "_Wanted":
        mode = "L" if input["channels"] == 1 else "RGB"
        return cls(mode, (input["width"], input["height"]), input.get("background", _WHITE))


class _File(io.BytesIO):
    """The bytes as a file that may be asked for its parts only so many times."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        if self.reads > _MOST_READS:
            raise BadRequest(f"the picture's file has more than {_MOST_READS:,} parts")
        return super().read(size)


def _open(data: bytes, formats: Sequence[str]) -> ImageFile:
    """Read the header. Nothing is decoded."""
    for name in formats:
        signed, opener = _OPENERS[name]
        if signed(data):
            return opener(data)
    raise BadRequest(f"not a {_listed(formats)} picture")


def _open_jpeg(data: bytes) -> ImageFile:
    if data.count(b"\xff\xda") > _MOST_SCANS:
        raise BadRequest(f"the JPEG picture has more than {_MOST_SCANS} scans")
    return JpegImageFile(_File(data.replace(FIRST, b"Unread")))  # or Pillow reads EXIF, and logs each error in it


def _open_bmp(data: bytes) -> ImageFile:
    picture = BmpImageFile(_File(data))
    if any(
        tile[0] != "raw" for tile in picture.tile
    ):  # run lengths: rare, and Pillow reads them byte by byte in Python
        raise BadRequest("the BMP picture is compressed; save it without compression, or as PNG")
    return picture


_OPENERS: Mapping[str, tuple[Signature, Callable[[bytes], ImageFile]]] = {
    "PNG": (lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"), lambda data: PngImageFile(_File(data))),
    "JPEG": (lambda data: data.startswith(b"\xff\xd8\xff"), _open_jpeg),
    "WEBP": (lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", lambda data: WebPImageFile(_File(data))),
    "BMP": (lambda data: data.startswith(b"BM"), _open_bmp),
}


def _check_size(picture: ImageFile, most: int) -> None:
    if picture.width * picture.height > most:
        raise BadRequest(f"the picture has {picture.width} x {picture.height} pixels, at most {most:,} are taken")


def _array(picture: ImageFile, turn: Image.Transpose | None, wanted: _Wanted) -> NDArray[np.uint8]:
    width, height = wanted.size
    size = (height, width) if turn in _ON_ITS_SIDE else (width, height)
    picture.draft(wanted.mode, (_DRAFT * size[0], _DRAFT * size[1]))
    picture.load()
    plain = _plain(picture)
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


def _plain(picture: Image.Image) -> Image.Image:
    """Return the picture as one of `L`, `RGB`, `RGBA`, whose pixels may be averaged."""
    if picture.mode.startswith("I"):  # 16 bits a pixel; convert() would clip them
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode in _ALPHA or "transparency" in picture.info:
        return picture if picture.mode == "RGBA" else picture.convert("RGBA")
    if picture.mode in ("L", "RGB"):
        return picture
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _on_background(picture: Image.Image, level: int) -> Image.Image:
    flat = Image.new("RGB", picture.size, (level, level, level))
    flat.paste(picture, mask=picture.getchannel("A"))
    return flat


def _listed(formats: Sequence[str]) -> str:
    *others, last = [name.replace("WEBP", "WebP") for name in formats]
    return f"{', '.join(others)} or {last}" if others else last


def _damaged(error: Exception) -> NoReturn:
    pythons = isinstance(
        error.__cause__ or error, struct.error | LookupError | TypeError
    )  # which tells a caller nothing
    said = "" if pythons else " ".join(str(error).split())[:100]
    raise BadRequest(f"the picture is damaged: {said}" if said else "the picture is damaged") from error

"""A picture's file, opened: its format known, its size checked, nothing decoded.

Files may be made to keep a reader busy, so what each can cost is bounded here. Pillow's plugins are used directly,
without `Image.open`: it would try formats that nobody asked for, and take hold of what a file says besides its picture
(EXIF, several pictures in one), at a cost that the sender of the file decides.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from components.config.errors import BadRequest
from components.kinds.image.codec.orientation import FIRST

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
MAX_PIXELS = 50_000_000  # about a 50-megapixel camera; what is larger is refused before it is decoded

_MOST_READS = 100_000  # of a file's parts: millions of empty ones would keep the reader busy for seconds
_MOST_SCANS = 64  # of a progressive JPEG, about ten in practice: each costs a pass over the whole picture

Signature = Callable[[bytes], bool]


@dataclass(frozen=True)
class Limits:
    """Which pictures are decoded."""

    formats: tuple[str, ...] = FORMATS
    max_pixels: int = MAX_PIXELS


def open_picture(data: bytes, limits: Limits) -> ImageFile:
    """Open the file; its header is read, nothing is decoded.

    Raises:
        BadRequest: it is of no format of the limits, is refused for what it would cost, or has too many pixels.
        Exception: what Pillow raises at a damaged header.
    """
    picture = _by_format(data, limits.formats)
    if picture.width * picture.height > limits.max_pixels:
        size = f"{picture.width} x {picture.height}"
        raise BadRequest(f"the picture has {size} pixels, at most {limits.max_pixels:,} are taken")
    return picture


class _File(io.BytesIO):
    """The bytes as a file that may be asked for its parts only so many times."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        if self.reads > _MOST_READS:
            raise BadRequest(f"the picture's file has more than {_MOST_READS:,} parts")
        return super().read(size)


def _by_format(data: bytes, formats: Sequence[str]) -> ImageFile:
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


def _listed(formats: Sequence[str]) -> str:
    *others, last = [name.replace("WEBP", "WebP") for name in formats]
    return f"{', '.join(others)} or {last}" if others else last

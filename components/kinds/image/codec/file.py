"""A picture's file, opened: its format known, its size checked, nothing decoded.

Files may be made to keep a reader busy, so what each can cost is bounded here. Pillow's plugins are used directly,
without `Image.open`: it would try formats that nobody asked for, and take hold of what a file says besides its picture
(EXIF, several pictures in one), at a cost that the sender of the file decides.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from components.config.errors import BadRequest
from components.kinds.image.codec import gif, tiff
from components.kinds.image.codec.orientation import FIRST
from components.kinds.image.codec.recognise import recognise

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
"""What every endpoint takes that is not told otherwise."""
FURTHER = ("GIF", "TIFF", "AVIF", "PPM", "JPEG2000", "HEIC")
"""What training takes besides, and then its endpoint."""
MAX_PIXELS = 50_000_000  # about a 50-megapixel camera; what is larger is refused before it is decoded

_MOST_READS = 100_000  # of a file's parts: millions of empty ones would keep the reader busy for seconds
_MOST_SCANS = 64  # of a progressive JPEG, about ten in practice: each costs a pass over the whole picture

Signature = Callable[[bytes], bool]


@dataclass(frozen=True)
class DecodeLimits:
    """Which pictures are decoded."""

    formats: tuple[str, ...] = FORMATS
    max_pixels: int = MAX_PIXELS


def open_picture(data: bytes, limits: DecodeLimits) -> ImageFile:
    """Open the file; its header is read, nothing is decoded.

    Raises:
        BadRequest: it is of no format of the limits, is refused for what it would cost, or has too many pixels.
        Exception: what Pillow raises at a damaged header.
    """
    picture = _by_format(data, limits)
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


def _by_format(data: bytes, limits: DecodeLimits) -> ImageFile:
    for name in limits.formats:
        signed, opener = _OPENERS[name]
        if signed(data):
            return opener(data, limits)
    raise BadRequest(f"not a {listed(limits.formats)} picture")


def _open_jpeg(data: bytes, limits: DecodeLimits) -> ImageFile:
    if data.count(b"\xff\xda") > _MOST_SCANS:
        raise BadRequest(f"the JPEG picture has more than {_MOST_SCANS} scans")
    return JpegImageFile(_File(data.replace(FIRST, b"Unread")))  # or Pillow reads EXIF, and logs each error in it


def _open_bmp(data: bytes, limits: DecodeLimits) -> ImageFile:
    picture = BmpImageFile(_File(data))
    if any(
        tile[0] != "raw" for tile in picture.tile
    ):  # run lengths: rare, and Pillow reads them byte by byte in Python
        raise BadRequest("the BMP picture is compressed; save it without compression, or as PNG")
    return picture


def _open_heic(data: bytes, limits: DecodeLimits) -> ImageFile:
    try:
        from pillow_heif import HeifImageFile  # no part of the project: whoever has HEIC pictures installs it
    except ImportError as error:
        raise BadRequest("HEIC pictures are read where the package pillow-heif is installed") from error
    picture: ImageFile = HeifImageFile(io.BytesIO(data))
    return picture


def _plain(kind: type[ImageFile]) -> "Opener":
    return lambda data, limits: kind(_File(data))


def _recognised(name: str) -> Signature:
    def signed(data: bytes) -> bool:
        found = recognise(data)
        return found is not None and found.name == name

    return signed


Opener = Callable[[bytes, DecodeLimits], ImageFile]
_OPENERS: Mapping[str, tuple[Signature, Opener]] = {
    "PNG": (lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"), _plain(PngImageFile)),
    "JPEG": (lambda data: data.startswith(b"\xff\xd8\xff"), _open_jpeg),
    "WEBP": (lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP", _plain(WebPImageFile)),
    "BMP": (lambda data: data.startswith(b"BM"), _open_bmp),
    "GIF": (
        lambda data: data.startswith((b"GIF87a", b"GIF89a")),
        lambda data, limits: GifImageFile(_File(gif.first_picture(data))),
    ),
    "TIFF": (
        _recognised("TIFF"),
        lambda data, limits: TiffImageFile(_File(tiff.first_picture(data, limits.max_pixels))),
    ),
    "AVIF": (_recognised("AVIF"), _plain(AvifImageFile)),
    "PPM": (_recognised("PPM"), _plain(PpmImageFile)),
    "JPEG2000": (_recognised("JPEG2000"), _plain(Jpeg2KImageFile)),
    "HEIC": (_recognised("HEIC"), _open_heic),
}


def listed(formats: Sequence[str]) -> str:
    """Return the names of the formats as a sentence has them."""
    *others, last = [name.replace("WEBP", "WebP").replace("JPEG2000", "JPEG 2000") for name in formats]
    return f"{', '.join(others)} or {last}" if others else last

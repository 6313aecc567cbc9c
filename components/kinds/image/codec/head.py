"""What the head of a picture's file says of it: format and size. Nothing is opened, so it takes a microsecond or two.

A file that was made to lie here is refused before: what is asked of has been decoded.
"""

import struct
from collections.abc import Callable

from components.kinds.image.codec.recognise import recognise
from components.kinds.upload import Upload

_Size = tuple[int, int] | None
"""Width and height in pixels; None: not known."""

_STEPS = 300  # through the segments of a JPEG, at most: a colour profile has up to 255 of them
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # markers of JPEG's frames
_LARGE, _SIGNED = struct.Struct(">II"), struct.Struct("<ii")
_SMALL, _SMALL_BIG_ENDIAN = struct.Struct("<HH"), struct.Struct(">HH")


def uploaded(data: bytes) -> Upload:
    """Return what a picture's file is. Of GIF, PNG, JPEG, WebP and BMP the size is known."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):  # first what is sent most
        name = "PNG"
    elif data.startswith(b"\xff\xd8\xff"):
        name = "JPEG"
    else:
        found = recognise(data)
        name = found.name if found else ""
    width, height = _size(name, data) or (None, None)
    return Upload(name, width, height, len(data))


def _size(name: str, data: bytes) -> _Size:
    try:
        return _SIZES[name](data) if name in _SIZES else None
    except struct.error:  # it is shorter than its head
        return None


def _jpeg(data: bytes) -> _Size:
    offset = 2
    for _ in range(_STEPS):
        if data[offset : offset + 2] == b"\xff\xff":  # padding
            offset += 1
            continue
        if len(data) < offset + 9 or data[offset] != 0xFF:
            return None
        if data[offset + 1] in _FRAMES:
            height, width = _SMALL_BIG_ENDIAN.unpack_from(data, offset + 5)
            return width, height
        offset += 2 + int.from_bytes(data[offset + 2 : offset + 4])
    return None


def _webp(data: bytes) -> _Size:
    match data[12:16]:
        case b"VP8 ":
            width, height = _SMALL.unpack_from(data, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L" if len(data) >= 25:
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X" if len(data) >= 30:
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    return None


def _bmp(data: bytes) -> _Size:
    if data[14:18] == b"\x0c\0\0\0":
        return _SMALL.unpack_from(data, 18)
    width, height = _SIGNED.unpack_from(data, 18)
    return width, abs(height)  # negative: from the top down


_SIZES: dict[str, Callable[[bytes], _Size]] = {
    "PNG": lambda data: _LARGE.unpack_from(data, 16),
    "JPEG": _jpeg,
    "WEBP": _webp,
    "GIF": lambda data: _SMALL.unpack_from(data, 6),
    "BMP": _bmp,
}

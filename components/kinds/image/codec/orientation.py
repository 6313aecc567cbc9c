"""How a picture has to be turned to stand upright, by the orientation (tag 274) of its EXIF data.

EXIF is a TIFF header and a table of entries, each of 12 bytes: CIPA DC-008 (Exif 2.32), 4.5 and 4.6.4. Pillow reads all
of it, whatever it holds; this reads the one number.
"""

import struct

from PIL.Image import Transpose
from PIL.ImageFile import ImageFile

FIRST = b"Exif\0\0"
"""What EXIF data begin with in a JPEG file."""

_TAG = 274
_UPRIGHT = ("TIFF", "HEIF")  # whose plugins turn them
_SHORT = 3
_FARTHEST = 65_536  # bytes into a JPEG file, or a table, that are looked through
_TURNS = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


def orientation(data: bytes, picture: ImageFile) -> Transpose | None:
    """Return how the `picture`, opened from the file `data`, is to be turned; None: not at all, or it does not say."""
    if picture.format in _UPRIGHT:
        return None
    exif = _of_jpeg(data) if picture.format == "JPEG" else picture.info.get("exif", b"")
    return _TURNS.get(_tag(exif.removeprefix(FIRST))) if exif else None


def _of_jpeg(data: bytes) -> bytes:
    start = data.find(FIRST, 0, _FARTHEST)
    return data[start : start + _FARTHEST] if start >= 0 else b""


def _tag(tiff: bytes) -> int:
    """Return the orientation that the table says, 0 where it says none or is damaged."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return 0
    (table,) = struct.unpack_from(f"{order}I", tiff, 4)
    for offset in range(table + 2, min(len(tiff) - 11, table + _FARTHEST), 12):
        tag, form, _, value = struct.unpack_from(f"{order}HHIH", tiff, offset)
        if tag == _TAG:
            return int(value) if form == _SHORT else 0
    return 0

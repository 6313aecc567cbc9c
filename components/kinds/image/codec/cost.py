"""Whether a picture's file is read well within a millisecond, as far as its head tells.

Written out here: the loop that answers every caller asks, and Pillow would go through all of the file's head to tell.
"""

_SMALL = 8192  # bytes of a file
_FEW = 2 * _SMALL  # pixels
_SIZES = {0xC0, 0xC1, 0xC2}  # markers of the frames that Pillow reads: baseline, extended, progressive


def is_cheap(data: bytes) -> bool:
    """Whether it is a small PNG or JPEG file that holds few pixels: a few bytes may stand for millions of them."""
    if len(data) > _SMALL:
        return False
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return int.from_bytes(data[16:20]) * int.from_bytes(data[20:24]) <= _FEW
    return data.startswith(b"\xff\xd8") and 0 <= _jpeg_pixels(data) <= _FEW


def _jpeg_pixels(data: bytes) -> int:
    """Return the pixels that the frame's head says, -1 if there is none: the segments are walked until it comes."""
    offset = 2
    while offset + 9 <= len(data) and data[offset] == 0xFF:
        if data[offset + 1] in _SIZES:
            return int.from_bytes(data[offset + 5 : offset + 7]) * int.from_bytes(data[offset + 7 : offset + 9])
        offset += 2 + int.from_bytes(data[offset + 2 : offset + 4])
    return -1

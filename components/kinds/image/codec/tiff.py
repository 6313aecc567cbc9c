"""The first picture of a TIFF file, alone, with the few entries of its table that reading it takes.

TIFF 6.0: a header says where a table (IFD) lies; each entry has a tag, a type, a count, and a value or where it lies;
the next table's offset follows. A file may have a million tables, or thousands of entries that all point to the same
megabytes: Pillow reads them, at a cost that the sender of the file decides. BigTIFF is the same with 8-byte numbers.
"""

import struct
from dataclasses import dataclass

from components.config.errors import BadRequest

_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _SAMPLES = 256, 257, 258, 259, 277
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_KEPT = {_WIDTH, _HEIGHT, _BITS, _COMPRESSION, 262, 266, 273, 274, _SAMPLES, 278, 279, 284, 292, 293, 317, 320}
_KEPT |= {_TILE_WIDTH, _TILE_HEIGHT, 324, 325, 332, 338, 339, 347, 529, 530, 531, 532}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_READ = {
    1: "none",
    2: "CCITT",
    3: "CCITT",
    4: "CCITT",
    5: "LZW",
    7: "JPEG",
    8: "deflate",
    32773: "PackBits",
    32946: "deflate",
    50000: "zstd",
}
_MOST_ENTRIES = 4_096
_MOST_SCANS = 64  # of JPEG data, as in `file`, besides those of its strips or tiles
_PARTS = (273, 324)  # where the strips or the tiles lie


@dataclass(frozen=True)
class _Form:
    """How numbers are written: TIFF and BigTIFF, each in both orders of bytes."""

    order: str
    big: bool

    @property
    def count(self) -> str:
        return f"{self.order}{'Q' if self.big else 'H'}"

    @property
    def offset(self) -> str:
        return f"{self.order}{'Q' if self.big else 'I'}"

    @property
    def entry(self) -> str:
        return f"{self.order}HH{'Q8s' if self.big else 'I4s'}"


def first_picture(data: bytes, most_pixels: int) -> bytes:
    """Return the TIFF file with a table of the first picture alone, at its end.

    Raises:
        BadRequest: it is compressed in a way that is not read, or is cut into parts of more than `most_pixels`.
        struct.error: it is cut off.
    """
    form = _Form({b"II": "<", b"MM": ">"}[data[:2]], data[2:4] in (b"+\0", b"\0+"))
    at = 8 if form.big else 4
    (table,) = struct.unpack_from(form.offset, data, at)
    (count,) = struct.unpack_from(form.count, data, table)
    if count > _MOST_ENTRIES:
        raise BadRequest(f"the TIFF picture has more than {_MOST_ENTRIES:,} entries")
    size = struct.calcsize(form.entry)
    begin = table + struct.calcsize(form.count)
    kept: dict[int, bytes] = {}
    values: dict[int, int] = {}
    parts = 1
    for offset in range(begin, begin + count * size, size):
        tag, sort, number, value = struct.unpack_from(form.entry, data, offset)
        if tag in _KEPT and tag not in kept and _SIZES.get(sort, len(data)) * number <= len(data):
            kept[tag] = data[offset : offset + size]
            values[tag] = _number(form, sort, value)
            parts = number if tag in _PARTS else parts
    _check(data, values, parts, most_pixels)
    entries = b"".join(kept[tag] for tag in sorted(kept))
    end = len(data) + len(data) % 2
    header = data[:at] + struct.pack(form.offset, end)
    table_alone = struct.pack(form.count, len(kept)) + entries + struct.pack(form.offset, 0)
    return header + data[len(header) :] + bytes(end - len(data)) + table_alone


def _number(form: _Form, sort: int, value: bytes) -> int:
    """Return the number that stands in an entry itself, 0 if it is none."""
    letter = {1: "B", 3: "H", 4: "I", 16: "Q"}.get(sort)
    return int(struct.unpack_from(f"{form.order}{letter}", value)[0]) if letter and sort != 16 else 0


def _check(data: bytes, values: dict[int, int], parts: int, most_pixels: int) -> None:
    compression = values.get(_COMPRESSION, 1)
    if compression not in _READ:
        raise BadRequest(f"the TIFF picture is compressed (number {compression}); save it with LZW, or as PNG")
    if _READ[compression] == "JPEG" and data.count(b"\xff\xda") > _MOST_SCANS + 4 * parts:
        raise BadRequest("the TIFF picture has too many scans")
    if values.get(_TILE_WIDTH, 0) * values.get(_TILE_HEIGHT, 0) > most_pixels:
        raise BadRequest(f"the TIFF picture has parts of more than {most_pixels:,} pixels")

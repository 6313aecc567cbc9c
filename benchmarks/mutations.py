"""Pictures to begin with, and what can be done to them; each mutant is a pure function of (seed, number)."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

NUMBERS = (0, 1, 2, 127, 128, 255, 256, 7_000, 32_767, 32_768, 50_000, 65_535, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
_PNG = b"\x89PNG\r\n\x1a\n"

Random = random.Random


def mutant(seed: int, number: int) -> tuple[str, bytes]:
    """Return the format that the mutant `number` began as, and its bytes."""
    chance = Random(f"{seed}/{number}")
    name, data = chance.choice(seeds())
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        data = chance.choice(_MUTATIONS)(data, chance)
    return name, data


@cache
def seeds() -> list[tuple[str, bytes]]:
    """Return valid files: every format, its modes and what may stand beside a picture."""
    noise = np.random.default_rng(0).integers(0, 256, (40, 56, 4), dtype=np.uint8)
    smooth = np.add.outer(np.arange(40) * 4, np.arange(56) * 2).astype(np.uint8)
    colour, grey = Image.fromarray(noise[..., :3]), Image.fromarray(smooth)
    clear, palette = Image.fromarray(noise), colour.quantize(16)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "camera", 6
    beside: dict[str, Any] = {"exif": exif, "icc_profile": b"profile" * 40}
    frames: dict[str, Any] = {"save_all": True, "append_images": [grey.convert("RGB")] * 2, "duration": 50}
    deep = Image.fromarray(smooth.astype(np.uint16) * 257)
    return [
        *(("PNG", _saved(picture, "PNG")) for picture in (grey, colour, clear, palette, deep, grey.convert("1"))),
        *(("PNG", _saved(picture, "PNG")) for picture in (clear.convert("LA"), Image.new("L", (8, 8), 7))),
        ("PNG", _saved(palette, "PNG", transparency=3)),
        ("PNG", _saved(colour, "PNG", **frames)),
        ("PNG", _saved(grey, "PNG", dpi=(72, 72), **beside)),
        *(("JPEG", _saved(picture, "JPEG")) for picture in (grey, colour, colour.convert("CMYK"))),
        ("JPEG", _saved(colour, "JPEG", progressive=True, **beside)),
        ("JPEG", _saved(colour, "JPEG", subsampling=2, restart_marker_rows=1)),
        ("JPEG", _saved(colour, "MPO", save_all=True, append_images=[colour])),
        *(("WEBP", _saved(picture, "WEBP")) for picture in (grey, colour, clear)),
        *(("WEBP", _saved(picture, "WEBP", lossless=True)) for picture in (grey, clear)),
        ("WEBP", _saved(colour, "WEBP", **beside)),
        ("WEBP", _saved(colour, "WEBP", **frames)),
        *(("BMP", _saved(picture, "BMP")) for picture in (grey, colour, clear, palette, grey.convert("1"))),
        ("BMP", _run_lengths()),
    ]


def _saved(picture: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def _run_lengths() -> bytes:
    """Return a BMP whose pixels are run lengths, which Pillow does not write."""
    palette, runs = bytes(range(256)) * 4, b"\x08\x05" * 8 + b"\0\0" + b"\0\1"
    start = 54 + len(palette)
    header = struct.pack("<IiiHHIIiiII", 40, 64, 1, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", start + len(runs), 0, 0, start) + header + palette + runs


def _flip(data: bytes, chance: Random) -> bytes:
    made = bytearray(data or b"\0")
    for _ in range(chance.choice((1, 2, 8))):
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def _truncate(data: bytes, chance: Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _cut(data: bytes, chance: Random) -> bytes:
    start, end = _range(data, chance)
    return data[:start] + data[end:]


def _repeat(data: bytes, chance: Random) -> bytes:
    start, end = _range(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 2, 50)) + data[end:]


def _junk(data: bytes, chance: Random) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.randbytes(chance.choice((1, 4, 400))) + data[place:]


def _splice(data: bytes, chance: Random) -> bytes:
    """Join the head of one file to the tail of another."""
    _, other = chance.choice(seeds())
    return data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]


def _number(data: bytes, chance: Random) -> bytes:
    """Write a telling number, most likely into the head: sizes, lengths, counts."""
    width, order = chance.choice((1, 2, 4)), chance.choice("<>")
    place = chance.randrange(max(1, min(len(data), chance.choice((64, 64, 64, len(data) or 1)))))
    number = struct.pack(f"{order}I", chance.choice(NUMBERS))
    return data[:place] + (number[:width] if order == "<" else number[-width:]) + data[place + width :]


def _parts(data: bytes, chance: Random) -> bytes:
    """Drop, double, swap or change chunks of PNG, segments of JPEG; lengths and checksums are right again."""
    if data.startswith(_PNG):
        return _PNG + b"".join(_chunk(*part) for part in _shuffled(_chunks(data), chance))
    if data.startswith(b"\xff\xd8"):
        segments, rest = _segments(data)
        return b"\xff\xd8" + b"".join(_segment(*part) for part in _shuffled(segments, chance)) + rest
    return _number(data, chance)


def _shuffled(parts: list[tuple[bytes, bytes]], chance: Random) -> list[tuple[bytes, bytes]]:
    if not parts:
        return parts
    one, two = chance.randrange(len(parts)), chance.randrange(len(parts))
    match chance.randrange(4):
        case 0:
            del parts[one]
        case 1:
            parts.insert(two, parts[one])
        case 2:
            parts[one], parts[two] = parts[two], parts[one]
        case _:
            name, content = parts[one]
            parts[one] = name, chance.choice((_flip, _number, _truncate))(content, chance)
    return parts


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    parts, place = [], len(_PNG)
    while place + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        parts.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    return parts


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _segments(data: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    parts, place = [], 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, place + 2)
        parts.append((data[place : place + 2], data[place + 4 : place + 2 + length]))
        place += 2 + max(2, length)
    return parts, data[place:]


def _segment(marker: bytes, content: bytes) -> bytes:
    return marker + struct.pack(">H", min(len(content) + 2, 65_535)) + content


def _range(data: bytes, chance: Random) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + chance.choice((1, 4, 16, 200)))


_MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flip, _truncate, _cut, _repeat, _junk, _splice, _number, _number, _parts, _parts,
)  # fmt: skip

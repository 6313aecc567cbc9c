"""Formats that training takes besides those of every endpoint: read, or refused at no cost."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from components.config.errors import BadRequest
from components.kinds.image import codec
from components.kinds.image.codec import gif, tiff
from components.kinds.image.codec.file import DecodeLimits

COLOUR = {"height": 8, "width": 8, "channels": 3}
RED, BLUE = (200, 30, 40), (20, 40, 210)


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("GIF", {}),
        ("TIFF", {}),
        *(("TIFF", {"compression": name}) for name in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg", "zstd")),
        ("TIFF", {"big_tiff": True}),
        ("AVIF", {"quality": 95}),
        ("PPM", {}),
        ("JPEG2000", {}),
    ],
)
def test_it_is_read_in_training_and_refused_where_no_training_picture_was_one(
    format: str, options: dict[str, Any], tmp_path: Path
) -> None:
    data = encoded(Image.new("RGB", (20, 30), RED), format, **options)
    assert near(codec.decode({"picture": data}, COLOUR, codec.TRAINING_LIMITS), RED)
    with pytest.raises(BadRequest, match=r"^not a PNG, JPEG, WebP or BMP picture$"):
        codec.decode({"picture": data}, COLOUR)
    learned = codec.Reader(
        "w", {**COLOUR, "formats": [format]}, {"formats": list(codec.ENDPOINT_LIMITS.formats)}, tmp_path, None
    )
    assert near(learned.read([{"picture": data}])[0], RED)
    narrow = codec.Reader("w", {**COLOUR, "formats": [format]}, {"formats": ["PNG"]}, tmp_path, None)
    with pytest.raises(BadRequest, match=r"^not a PNG picture$"):
        narrow.read([{"picture": data}])


def test_the_request_names_what_is_taken() -> None:
    assert codec.request(COLOUR) is codec.Request
    schema = codec.request({**COLOUR, "formats": ["TIFF", "JPEG2000"]}).model_json_schema()["properties"]["picture"]
    assert schema["description"] == "A picture: PNG, JPEG, WebP, BMP, TIFF or JPEG 2000, grey or colour, any size."
    assert schema["x-media-types"] == ["image/png", "image/jpeg", "image/webp", "image/bmp", "image/tiff", "image/jp2"]


@pytest.mark.parametrize("format", ["GIF", "TIFF", "AVIF"])
def test_of_many_the_first_is_read(format: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE, BLUE)]
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:])
    assert near(codec.decode({"picture": data}, COLOUR, codec.TRAINING_LIMITS), RED)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["TIFF", "AVIF"])
def test_it_is_turned_upright(format: str, orientation: int) -> None:
    corners = np.zeros((16, 24, 3), dtype=np.uint8)
    corners[:8, :8], corners[:8, 16:], corners[8:, :8] = RED, BLUE, (255, 255, 255)
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = encoded(Image.fromarray(corners), "PNG", exif=exif)
    data = encoded(Image.fromarray(corners), format, exif=exif, **({"quality": 100} if format == "AVIF" else {}))
    decoded = codec.decode({"picture": data}, COLOUR, codec.TRAINING_LIMITS)
    expected = codec.decode({"picture": upright}, COLOUR, codec.TRAINING_LIMITS)
    assert np.abs(decoded.astype(int) - expected.astype(int)).max() <= (24 if format == "AVIF" else 2)


def test_what_is_transparent_in_a_gif_shows_the_background() -> None:
    clear = Image.new("P", (16, 16), 1)
    clear.putpalette([*RED, *BLUE])
    data = encoded(clear, "GIF", transparency=1)
    assert near(codec.decode({"picture": data}, {**COLOUR, "background": 255}, codec.TRAINING_LIMITS), (255, 255, 255))


def test_endless_comments_of_a_gif_are_not_read() -> None:
    data = encoded(Image.new("RGB", (16, 16), RED), "GIF")
    offset = data.index(b"\x2c", 13 + (3 << ((data[10] & 7) + 1)))
    comments = b"\x21\xfe" + (b"\xff" + bytes(255)) * 30_000 + b"\0"
    assert len(gif.first_picture(data[:offset] + comments + data[offset:])) <= len(data)


def test_a_tiff_of_endless_tables_is_its_first() -> None:
    frames = [Image.new("L", (8, 8), number) for number in range(100)]
    data = encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    with Image.open(io.BytesIO(tiff.first_picture(data, 1_000))) as alone:
        assert getattr(alone, "n_frames", 1) == 1


def test_entries_of_a_tiff_that_reading_does_not_take_are_left_out() -> None:
    data = encoded(Image.new("L", (8, 8), 9), "TIFF", tiffinfo={270: "a text" * 10_000, 700: b"x" * 10_000})
    with Image.open(io.BytesIO(tiff.first_picture(data, 1_000))) as alone:
        assert not {270, 700} & set(alone.tag_v2)  # type: ignore[attr-defined]


def test_a_tiff_in_parts_larger_than_pictures_may_be_is_refused() -> None:
    data = tiff_file({256: 8, 257: 8, 258: 8, 259: 8, 262: 1, 277: 1, 322: 60_000, 323: 60_000, 324: 8, 325: 8})
    refused(data, "the TIFF picture has parts of more than 50,000,000 pixels")


@pytest.mark.parametrize("compression", [6, 34925, 50001, 34887])
def test_rare_compressions_of_a_tiff_are_refused(compression: int) -> None:
    data = tiff_file({256: 8, 257: 8, 258: 8, 259: compression, 262: 1, 273: 8, 278: 8, 279: 64})
    refused(data, r"the TIFF picture is compressed \(number \d+\); save it with LZW, or as PNG")


@pytest.mark.parametrize("format", ["GIF", "TIFF", "AVIF", "PPM", "JPEG2000"])
def test_more_pixels_than_are_taken_are_refused(format: str) -> None:
    data = encoded(Image.new("L", (40, 30)), format)
    with pytest.raises(BadRequest, match="40 x 30 pixels, at most 1,000 are taken"):
        codec.decode({"picture": data}, COLOUR, DecodeLimits(codec.TRAINING_LIMITS.formats, 1_000))


@pytest.mark.parametrize(
    "bomb",
    [
        b"GIF89a" + struct.pack("<HHBBB", 60_000, 60_000, 0, 0, 0) + b"\x2c" + bytes(9) + b"\x02\0;",
        b"P5\n60000 60000\n255\n" + bytes(64),
    ],
)
def test_bombs_are_refused_before_they_are_decoded(bomb: bytes) -> None:
    refused(bomb, "pixels, at most 50,000,000 are taken")


def test_a_tiff_bomb_is_refused_before_it_is_decoded() -> None:
    refused(
        tiff_file({256: 60_000, 257: 60_000, 258: 8, 259: 1, 262: 1, 273: 8, 278: 60_000, 279: 64}),
        "pixels, at most 50,000,000 are taken",
    )


@pytest.mark.parametrize("format", ["GIF", "TIFF", "AVIF", "PPM", "JPEG2000"])
def test_damage_is_refused_or_read(format: str) -> None:
    random = np.random.default_rng(1)
    example = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    whole = encoded(Image.fromarray(example), format)
    for length in range(0, len(whole), max(1, len(whole) // 100)):
        refused_or_read(whole[:length])
    for _ in range(200):
        damaged = bytearray(whole)
        damaged[random.integers(len(whole))] = random.integers(256)
        refused_or_read(bytes(damaged))


def test_heic_says_what_it_takes() -> None:
    refused(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), "pillow-heif|the picture is damaged")


def refused(data: bytes, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence) as caught:
        codec.decode({"picture": data}, COLOUR, codec.TRAINING_LIMITS)
    assert "\n" not in str(caught.value)


def refused_or_read(data: bytes) -> None:
    try:
        assert codec.decode({"picture": data}, COLOUR, codec.TRAINING_LIMITS).shape == (8, 8, 3)
    except BadRequest as refusal:
        assert "\n" not in str(refusal)


def near(decoded: np.ndarray, colour: tuple[int, ...]) -> bool:
    return bool((np.abs(decoded.astype(int) - np.array(colour)) <= 4).all())


def encoded(picture: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def tiff_file(entries: dict[int, int]) -> bytes:
    """Return a TIFF file of 64 bytes of pixels, with these entries of one number each."""
    table = b"".join(struct.pack("<HHII", tag, 4, 1, number) for tag, number in sorted(entries.items()))
    return b"II*\0" + struct.pack("<I", 72) + bytes(64) + struct.pack("<H", len(entries)) + table + bytes(4)
